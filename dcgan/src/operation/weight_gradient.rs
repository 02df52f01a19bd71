//! The gradient of the weights of both a convolution and its transpose.

use std::borrow::Cow;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::Geometry;
use super::patches::{self, Input};
use super::tile::{self, Tiles};
use super::weights;

/// Places whose products one task adds, at most.
const PLACES: usize = 64;

/// The sums, over a batch of `n` pictures, of the products of each small element with the elements of the `big` maps
/// that its kernel meets, in the order of the weights.
pub(super) fn weight_gradient(
    geometry: &Geometry,
    n: usize,
    big: &[f32],
    small: &[f32],
) -> Vec<f32> {
    let sums = match patches::flat(geometry) {
        Some(flat) => sums(&flat, n, &Input::patches(geometry, n, big), small),
        None => sums(geometry, n, &Input::maps(n, big, geometry.big.channels), small),
    };
    weights::as_onnx(geometry, &sums)
}

/// The gradient in the order `[tap][big channel][small channel]`.
fn sums(geometry: &Geometry, n: usize, big: &Input, small: &[f32]) -> Vec<f32> {
    let [depth, channels] = [geometry.big.channels, geometry.small.channels];
    let packed: Vec<Cow<[f32]>> =
        small.par_chunks(n * channels).map(|it| tile::pack(it, channels)).collect();
    let met = geometry.by_tap();
    let tasks = met
        .par_iter()
        .enumerate()
        .flat_map(|(tap, met)| met.par_chunks(PLACES).map(move |met| (tap, met)));
    let parts = tasks.map(|(tap, met)| {
        let mut sums = vec![0.0; depth * channels];
        for it in met {
            let (big, packed, sums) = (&big.matrix(it.big), &packed[it.small], &mut sums);
            Arch::new().dispatch(Product { big, depth, packed, channels, sums });
        }
        (tap, sums)
    });
    let parts: Vec<(usize, Vec<f32>)> = parts.collect();
    let mut all = vec![0.0; geometry.weights()];
    for (tap, sums) in parts {
        let all = &mut all[tap * depth * channels..][..depth * channels];
        all.iter_mut().zip(sums).for_each(|(all, sum)| *all += sum);
    }
    all
}

/// Adds the product of the transposed matrix of a place of the big map with that of a place of the small one.
struct Product<'a> {
    /// `[picture][big channel]`
    big: &'a [f32],
    /// Number of big channels.
    depth: usize,
    packed: &'a [f32],
    /// Number of small channels.
    channels: usize,
    /// `[big channel][small channel]`
    sums: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        tile::cover(simd, self.depth, self.channels, &mut self);
    }
}

impl<S: Simd> Tiles<S> for Product<'_> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(&mut self, simd: S, row: usize, vector: usize) {
        let pictures = self.big.chunks_exact(self.depth);
        let by = tile::packed::<S, V>(self.packed, pictures.len(), vector);
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (x, by) in pictures.zip(by) {
            let x = x[row..].first_chunk::<R>().expect("tiles lie within the matrix");
            tile::step(simd, &mut sums, *x, by);
        }
        let rows = self.sums[row * self.channels..].chunks_exact_mut(self.channels);
        tile::put(simd, rows, vector, sums, true);
    }
}
