//! The convolution of a batch: from big maps to small ones.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::Geometry;
use super::tile::{self, Tiles};

/// The small maps of the `padded` big ones.
pub(super) fn down(geometry: &Geometry, padded: &[f32], weights: &[f32]) -> Vec<f32> {
    let g = geometry;
    let mut small = vec![0.0; padded.len() / g.padded() * g.small.len()];
    let packed = tile::pack(&by_tap(g, weights), g.small.channels);
    let begins = g.begins(g.group());
    let tasks = padded.par_chunks(g.group() * g.padded());
    tasks.zip(small.par_chunks_mut(g.group() * g.small.len())).for_each(|(padded, small)| {
        let (packed, begins) = (&packed, &begins);
        Arch::new().dispatch(Down { geometry, padded, packed, begins, small });
    });
    small
}

/// The weights in the order `[kernel row][kernel column][big channel][small channel]`.
fn by_tap(geometry: &Geometry, weights: &[f32]) -> Vec<f32> {
    let Geometry { big, small, kernel, .. } = geometry;
    let taps = kernel * kernel;
    let mut turned = vec![0.0; weights.len()];
    for (o, weights) in weights.chunks_exact(big.channels * taps).enumerate() {
        for (c, weights) in weights.chunks_exact(taps).enumerate() {
            for (tap, weight) in weights.iter().enumerate() {
                turned[(tap * big.channels + c) * small.channels + o] = *weight;
            }
        }
    }
    turned
}

struct Down<'a> {
    geometry: &'a Geometry,
    padded: &'a [f32],
    packed: &'a [f32],
    begins: &'a [usize],
    small: &'a mut [f32],
}

impl WithSimd for Down<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let channels = self.geometry.small.channels;
        tile::cover(simd, self.small.len() / channels, channels, &mut self);
    }
}

impl<S: Simd> Tiles<S> for Down<'_> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(&mut self, simd: S, row: usize, vector: usize) {
        let g = self.geometry;
        let by = tile::packed::<S, V>(self.packed, g.kernel * g.run(), vector);
        let begins: [usize; R] = std::array::from_fn(|r| self.begins[row + r]);
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (y, by) in by.chunks_exact(g.run()).enumerate() {
            let rows = begins.map(|begin| &self.padded[begin + y * g.row()..][..g.run()]);
            tile::add(simd, &mut sums, rows, by);
        }
        let first = vector * S::F32_LANES;
        let channels = g.small.channels;
        for (to, sums) in self.small[row * channels..].chunks_exact_mut(channels).zip(sums) {
            tile::put(simd, &mut to[first..], sums);
        }
    }
}
