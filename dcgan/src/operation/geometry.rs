//! The geometry of a convolution and of its transpose: the only place that knows stride and padding.
//!
//! A convolution takes a *big* map to a *small* one, its transpose a small one to a big one. Both have the same weights,
//! `[small channels][big channels][kernel row][kernel column]`, as ONNX has them, and the input gradient of the one is
//! the other. Maps of a batch lie as `[picture][row][column][channel]`.

use rayon::prelude::*;

/// A square map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Map {
    /// Rows and columns, ≥ 1.
    pub(super) size: usize,
    /// Channels, ≥ 1.
    pub(super) channels: usize,
}

impl Map {
    /// Number of elements.
    pub(super) fn len(self) -> usize {
        self.size * self.size * self.channels
    }
}

/// A convolution from `big` to `small`, or its transpose from `small` to `big`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Input of the convolution, output of its transpose.
    pub(super) big: Map,
    /// Output of the convolution, input of its transpose.
    pub(super) small: Map,
    /// Rows and columns of the kernel, ≥ 1.
    pub(super) kernel: usize,
    /// Stride, ≥ 1.
    pub(super) stride: usize,
    /// Padding of the big map before the first row and column. After the last, it is what the small map reads.
    pub(super) padding: usize,
}

impl Geometry {
    /// Rows and columns of the padded big map: what the kernels of all small elements meet.
    pub(super) fn side(&self) -> usize {
        (self.small.size - 1) * self.stride + self.kernel
    }

    /// Elements of a row of the padded big map.
    pub(super) fn row(&self) -> usize {
        self.side() * self.big.channels
    }

    /// Elements of the padded big map.
    pub(super) fn padded(&self) -> usize {
        self.side() * self.row()
    }

    /// Number of neighbouring elements of the padded big map that a row of the kernel meets.
    pub(super) fn run(&self) -> usize {
        self.kernel * self.big.channels
    }

    /// Number of weights.
    pub(super) fn weights(&self) -> usize {
        self.small.channels * self.run() * self.kernel
    }

    /// Elements of the small map, without channels.
    pub(super) fn positions(&self) -> usize {
        self.small.size * self.small.size
    }

    /// Pictures that one task computes: together they have enough positions for whole tiles.
    pub(super) fn group(&self) -> usize {
        64_usize.div_ceil(self.positions())
    }

    /// For each position of the small maps of `n` pictures, one after the other: where its kernel's first row begins in
    /// their padded big maps.
    pub(super) fn begins(&self, n: usize) -> Vec<usize> {
        let (row, column) = (self.stride * self.row(), self.stride * self.big.channels);
        let of_picture = |picture| {
            let rows = (0..self.small.size).map(move |y| picture * self.padded() + y * row);
            rows.flat_map(move |begin| (0..self.small.size).map(move |x| begin + x * column))
        };
        (0..n).flat_map(of_picture).collect()
    }

    /// Rows and columns of the big map that the padded one contains. Those beyond meet no kernel.
    fn kept(&self) -> usize {
        self.big.size.min(self.side().saturating_sub(self.padding))
    }

    /// The big maps of a batch with zeros around them.
    pub(super) fn pad(&self, big: &[f32]) -> Vec<f32> {
        let (len, kept) = (self.big.size * self.big.channels, self.kept() * self.big.channels);
        let before = self.padding * self.big.channels;
        let mut all = vec![0.0; big.len() / self.big.len() * self.padded()];
        big.par_chunks(self.big.len()).zip(all.par_chunks_mut(self.padded())).for_each(
            |(from, to)| {
                let rows = to.chunks_exact_mut(self.row()).skip(self.padding);
                for (from, to) in from.chunks_exact(len).zip(rows) {
                    to[before..before + kept].copy_from_slice(&from[..kept]);
                }
            },
        );
        all
    }

    /// Copies the padded map `from` without its padding into the big map `to`.
    pub(super) fn crop(&self, from: &[f32], to: &mut [f32]) {
        let (len, kept) = (self.big.size * self.big.channels, self.kept() * self.big.channels);
        let before = self.padding * self.big.channels;
        let mut rows = from.chunks_exact(self.row()).skip(self.padding);
        for to in to.chunks_exact_mut(len) {
            let (inside, beyond) = to.split_at_mut(kept);
            match rows.next() {
                Some(from) => inside.copy_from_slice(&from[before..before + kept]),
                None => inside.fill(0.0),
            }
            beyond.fill(0.0);
        }
    }
}
