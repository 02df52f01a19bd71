//! The geometry of a convolution and of its transpose: the only place that knows kernel, stride and padding.
//!
//! A convolution takes a *big* map to a *small* one, its transpose a small one to a big one. Both have the same weights,
//! `[small channels][big channels][kernel row][kernel column]`, as ONNX has them, and the input gradient of the one is
//! the other. All they do follows from which element of the one map meets which of the other by which tap of the kernel.
//!
//! Maps of a batch lie as `[row][column][picture][channel]`. So each place has one matrix, of pictures and channels, and
//! what a place meets are whole matrices: nothing is padded, and nothing is multiplied by padding.

/// A square map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Map {
    /// Rows and columns, ≥ 1.
    pub(super) size: usize,
    /// Channels, ≥ 1.
    pub(super) channels: usize,
}

impl Map {
    /// Number of places.
    pub(super) fn places(self) -> usize {
        self.size * self.size
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

/// A place of the big map that meets one of the small map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meeting {
    /// Place of the big map, row by row.
    pub(super) big: usize,
    /// Place of the small map, row by row.
    pub(super) small: usize,
    /// The tap of the kernel by which they meet, row by row.
    pub(super) tap: usize,
}

impl Geometry {
    /// Number of taps of the kernel.
    pub(super) fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

    /// Number of weights.
    pub(super) fn weights(&self) -> usize {
        self.small.channels * self.big.channels * self.taps()
    }

    /// All meetings, by place of the small map and by tap.
    fn meetings(&self) -> impl Iterator<Item = Meeting> {
        let Self { big, small, kernel, stride, padding } = *self;
        let within = move |at: usize| at.checked_sub(padding).filter(|it| *it < big.size);
        let meeting = move |at: usize, tap: usize| {
            let row = within(at / small.size * stride + tap / kernel)?;
            let column = within(at % small.size * stride + tap % kernel)?;
            Some(Meeting { big: row * big.size + column, small: at, tap })
        };
        let taps = kernel * kernel;
        (0..small.places()).flat_map(move |at| (0..taps).filter_map(move |tap| meeting(at, tap)))
    }

    /// The meetings of each place of the small map.
    pub(super) fn by_small(&self) -> Vec<Vec<Meeting>> {
        self.by(self.small.places(), |it| it.small)
    }

    /// The meetings of each place of the big map.
    pub(super) fn by_big(&self) -> Vec<Vec<Meeting>> {
        self.by(self.big.places(), |it| it.big)
    }

    /// The meetings of each tap.
    pub(super) fn by_tap(&self) -> Vec<Vec<Meeting>> {
        self.by(self.taps(), |it| it.tap)
    }

    fn by(&self, count: usize, key: impl Fn(&Meeting) -> usize) -> Vec<Vec<Meeting>> {
        let mut all = vec![vec![]; count];
        self.meetings().for_each(|it| all[key(&it)].push(it));
        all
    }
}
