//! The transpose of the convolution of a batch: from small maps to big ones.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::Geometry;
use super::tile::{self, Tiles};

/// The big maps of the `small` ones.
pub(super) fn up(geometry: &Geometry, small: &[f32], weights: &[f32]) -> Vec<f32> {
    let g = geometry;
    let n = small.len() / g.small.len();
    let mut big = vec![0.0; n * g.big.len()];
    let packed: Vec<_> =
        by_row(g, weights).iter().map(|weights| tile::pack(weights, g.run())).collect();
    let begins = g.begins(g.group());
    let tasks = small.par_chunks(g.group() * g.small.len());
    tasks.zip(big.par_chunks_mut(g.group() * g.big.len())).for_each(|(small, big)| {
        let mut padded = vec![0.0; small.len() / g.small.len() * g.padded()];
        let (packed, begins) = (&packed, &begins);
        Arch::new().dispatch(Up { geometry, small, packed, begins, padded: &mut padded });
        let pictures = big.chunks_exact_mut(g.big.len()).zip(padded.chunks_exact(g.padded()));
        pictures.for_each(|(big, padded)| g.crop(padded, big));
    });
    big
}

/// The weights of each row of the kernel, in the order `[small channel][kernel column][big channel]`.
fn by_row(geometry: &Geometry, weights: &[f32]) -> Vec<Vec<f32>> {
    let Geometry { big, small, kernel, .. } = *geometry;
    let of_row = |y: usize| {
        let mut turned = vec![0.0; small.channels * geometry.run()];
        for (o, turned) in turned.chunks_exact_mut(geometry.run()).enumerate() {
            for (x, turned) in turned.chunks_exact_mut(big.channels).enumerate() {
                for (c, weight) in turned.iter_mut().enumerate() {
                    *weight = weights[((o * big.channels + c) * kernel + y) * kernel + x];
                }
            }
        }
        turned
    };
    (0..kernel).map(of_row).collect()
}

struct Up<'a> {
    geometry: &'a Geometry,
    small: &'a [f32],
    /// Of each row of the kernel.
    packed: &'a [Vec<f32>],
    begins: &'a [usize],
    padded: &'a mut [f32],
}

impl WithSimd for Up<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { geometry, small, packed, begins, padded } = self;
        for (y, packed) in packed.iter().enumerate() {
            let mut row = Row { geometry, small, packed, begins, y, padded };
            tile::cover(simd, small.len() / geometry.small.channels, geometry.run(), &mut row);
        }
    }
}

/// What row `y` of the kernel adds.
struct Row<'a> {
    geometry: &'a Geometry,
    small: &'a [f32],
    packed: &'a [f32],
    begins: &'a [usize],
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
            let begin = self.begins[row + r] + self.y * g.row();
            tile::put_more(simd, &mut self.padded[begin + first..begin + g.run()], sums);
        }
    }
}
