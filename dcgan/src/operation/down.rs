//! The convolution of a batch: from big maps to small ones.

use super::geometry::Geometry;
use super::tile::{self, Tiles};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// The small maps of the `big` ones.
pub(super) fn down(geometry: &Geometry, big: &[f32], weights: &[f32]) -> Vec<f32> {
    let g = geometry;
    let n = big.len() / g.big.len();
    let mut small = vec![0.0; n * g.small.len()];
    let packed = Arch::new().dispatch(Pack { geometry, weights });
    let group = group(g);
    big.par_chunks(group * g.big.len()).zip(small.par_chunks_mut(group * g.small.len())).for_each(
        |(big, small)| {
            let mut padded = vec![0.0; big.len() / g.big.len() * g.padded()];
            for (big, padded) in
                big.chunks_exact(g.big.len()).zip(padded.chunks_exact_mut(g.padded()))
            {
                g.pad(big, padded);
            }
            Arch::new().dispatch(Down { geometry, padded: &padded, packed: &packed, small });
        },
    );
    small
}

/// Pictures that one task computes: together they have enough positions for whole tiles.
pub(super) fn group(geometry: &Geometry) -> usize {
    64_usize.div_ceil(geometry.positions())
}

struct Pack<'a> {
    geometry: &'a Geometry,
    weights: &'a [f32],
}

impl WithSimd for Pack<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<f32> {
        let Self { geometry: g, weights } = self;
        let (taps, channels, small) = (g.kernel * g.kernel, g.big.channels, g.small.channels);
        // [kernel row][kernel column][big channel][small channel]
        let mut turned = vec![0.0; weights.len()];
        for (o, weights) in weights.chunks_exact(channels * taps).enumerate() {
            for (c, weights) in weights.chunks_exact(taps).enumerate() {
                for (tap, weight) in weights.iter().enumerate() {
                    turned[(tap * channels + c) * small + o] = *weight;
                }
            }
        }
        tile::pack::<S>(&turned, taps * channels, small)
    }
}

struct Down<'a> {
    geometry: &'a Geometry,
    padded: &'a [f32],
    packed: &'a [f32],
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
        let begins: [usize; R] = std::array::from_fn(|r| g.begin(row + r));
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
