//! Sums over the rows of a map, one for each channel.

use pulp::{Arch, Simd, WithSimd};

use super::lanes::{load, store, vectors};

/// Rows that one task reads: their sums are `f32`, those of all rows `f64`.
pub(super) const ROWS: usize = 256;

/// The sums over the rows of `x`, one for each of `channels`.
pub(super) fn sums(x: &[f32], channels: usize) -> Vec<f32> {
    Arch::new().dispatch(Sums { x, channels })
}

/// The sums of all `blocks` of rows, added in their order.
pub(super) fn total(blocks: &[Vec<f32>], channels: usize) -> Vec<f32> {
    let mut all = vec![0.0_f64; channels];
    for block in blocks {
        all.iter_mut().zip(block).for_each(|(all, sum)| *all += f64::from(*sum));
    }
    all.into_iter().map(|sum| sum as f32).collect()
}

struct Sums<'a> {
    x: &'a [f32],
    channels: usize,
}

impl WithSimd for Sums<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let mut sums = vec![0.0; self.channels];
        for range in vectors::<S>(self.channels) {
            let mut sum = simd.splat_f32s(0.0);
            for x in self.x.chunks_exact(self.channels) {
                sum = simd.add_f32s(sum, load(simd, &x[range.clone()]));
            }
            store(simd, &mut sums[range], sum);
        }
        sums
    }
}
