//! The gradient of the weights of both a convolution and its transpose.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::Geometry;
use super::tile::{self, Tiles};

/// Small elements whose products are summed before they are added to those of others.
const POSITIONS: usize = 64;

/// The sums, over a batch, of the products of each small element with the elements of the `padded` big maps that its
/// kernel meets, in the order of the weights.
pub(super) fn weight_gradient(geometry: &Geometry, padded: &[f32], small: &[f32]) -> Vec<f32> {
    let g = geometry;
    let begins = g.begins(padded.len() / g.padded());
    let len = POSITIONS * g.small.channels;
    let packed: Vec<Vec<f32>> =
        small.par_chunks(len).map(|small| tile::pack(small, g.small.channels)).collect();
    let mut sums = vec![0.0; g.weights()];
    let row = g.run() * g.small.channels;
    sums.par_chunks_mut(row).enumerate().for_each(|(y, sums)| {
        Arch::new().dispatch(Row { geometry, padded, packed: &packed, begins: &begins, y, sums });
    });
    // [kernel row][kernel column][big channel][small channel]
    let (taps, channels) = (g.kernel * g.kernel, g.big.channels);
    let mut gradient = vec![0.0; sums.len()];
    for (tap, sums) in sums.chunks_exact(channels * g.small.channels).enumerate() {
        for (c, sums) in sums.chunks_exact(g.small.channels).enumerate() {
            for (o, sum) in sums.iter().enumerate() {
                gradient[(o * channels + c) * taps + tap] = *sum;
            }
        }
    }
    gradient
}

/// The sums of row `y` of the kernel, `[kernel column][big channel][small channel]`.
struct Row<'a> {
    geometry: &'a Geometry,
    padded: &'a [f32],
    packed: &'a [Vec<f32>],
    begins: &'a [usize],
    y: usize,
    sums: &'a mut [f32],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { geometry: g, padded, packed, begins, y, sums } = self;
        let x = &padded[y * g.row()..];
        for (packed, begins) in packed.iter().zip(begins.chunks(POSITIONS)) {
            let mut part = Part { x, packed, begins, channels: g.small.channels, sums };
            tile::cover(simd, g.run(), g.small.channels, &mut part);
        }
    }
}

/// What some small elements add to the sums of one row of the kernel.
struct Part<'a> {
    /// The padded maps, from the row of the kernel on.
    x: &'a [f32],
    packed: &'a [f32],
    begins: &'a [usize],
    channels: usize,
    sums: &'a mut [f32],
}

impl<S: Simd> Tiles<S> for Part<'_> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(&mut self, simd: S, row: usize, vector: usize) {
        let by = tile::packed::<S, V>(self.packed, self.begins.len(), vector);
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (begin, by) in self.begins.iter().zip(by) {
            let x: &[f32] = &self.x[begin + row..][..R];
            for r in 0..R {
                let x = simd.splat_f32s(x[r]);
                for v in 0..V {
                    sums[r][v] = simd.mul_add_e_f32s(x, by[v], sums[r][v]);
                }
            }
        }
        let first = vector * S::F32_LANES;
        let rows = self.sums[row * self.channels..].chunks_exact_mut(self.channels);
        for (to, sums) in rows.zip(sums) {
            tile::put_more(simd, &mut to[first..], sums);
        }
    }
}
