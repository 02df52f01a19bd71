//! The transpose of the convolution of a batch: from small maps to big ones.

use super::down::group;
use super::geometry::Geometry;
use super::tile::{self, Tiles};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// The big maps of the `small` ones.
pub(super) fn up(geometry: &Geometry, small: &[f32], weights: &[f32]) -> Vec<f32> {
    let g = geometry;
    let n = small.len() / g.small.len();
    let mut big = vec![0.0; n * g.big.len()];
    let packed = Arch::new().dispatch(Pack { geometry, weights });
    let group = group(g);
    small.par_chunks(group * g.small.len()).zip(big.par_chunks_mut(group * g.big.len())).for_each(
        |(small, big)| {
            let mut padded = vec![0.0; small.len() / g.small.len() * g.padded()];
            Arch::new().dispatch(Up { geometry, small, packed: &packed, padded: &mut padded });
            for (big, padded) in
                big.chunks_exact_mut(g.big.len()).zip(padded.chunks_exact(g.padded()))
            {
                g.crop(padded, big);
            }
        },
    );
    big
}

struct Pack<'a> {
    geometry: &'a Geometry,
    weights: &'a [f32],
}

impl WithSimd for Pack<'_> {
    type Output = Vec<Vec<f32>>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<Vec<f32>> {
        let Self { geometry: g, weights } = self;
        let (k, channels) = (g.kernel, g.big.channels);
        let of_row = |y: usize| {
            // [small channel][kernel column][big channel]
            let mut turned = vec![0.0; g.small.channels * g.run()];
            for (o, turned) in turned.chunks_exact_mut(g.run()).enumerate() {
                for (x, turned) in turned.chunks_exact_mut(channels).enumerate() {
                    for (c, weight) in turned.iter_mut().enumerate() {
                        *weight = weights[((o * channels + c) * k + y) * k + x];
                    }
                }
            }
            tile::pack::<S>(&turned, g.small.channels, g.run())
        };
        (0..k).map(of_row).collect()
    }
}

struct Up<'a> {
    geometry: &'a Geometry,
    small: &'a [f32],
    /// Of each row of the kernel.
    packed: &'a [Vec<f32>],
    padded: &'a mut [f32],
}

impl WithSimd for Up<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { geometry, small, packed, padded } = self;
        for (y, packed) in packed.iter().enumerate() {
            let mut row = Row { geometry, small, packed, y, padded };
            tile::cover(simd, small.len() / geometry.small.channels, geometry.run(), &mut row);
        }
    }
}

/// What row `y` of the kernel adds.
struct Row<'a> {
    geometry: &'a Geometry,
    small: &'a [f32],
    packed: &'a [f32],
    y: usize,
    padded: &'a mut [f32],
}

impl<S: Simd> Tiles<S> for Row<'_> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(&mut self, simd: S, row: usize, vector: usize) {
        let (g, depth) = (self.geometry, self.geometry.small.channels);
        let by = tile::packed::<S, V>(self.packed, depth, vector);
        let rows = std::array::from_fn(|r| &self.small[(row + r) * depth..][..depth]);
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        tile::add(simd, &mut sums, rows, by);
        let first = vector * S::F32_LANES;
        for (r, sums) in sums.into_iter().enumerate() {
            let begin = g.begin(row + r) + self.y * g.row();
            tile::put_more(simd, &mut self.padded[begin + first..begin + g.run()], sums);
        }
    }
}
