//! The transpose of the convolution of a batch: from small maps to big ones.

use rayon::prelude::*;

use super::geometry::Geometry;
use super::patches::{self, Input};
use super::product::products;

/// The big maps of the `small` ones of `n` pictures.
pub(super) fn up(geometry: &Geometry, n: usize, small: &[f32], weights: &[f32]) -> Vec<f32> {
    if let Some(flat) = patches::flat(geometry) {
        // [small channel][tap][big channel]
        let turned = turned(geometry, weights, true);
        return patches::add(geometry, n, &sums(&flat, n, small, &turned));
    }
    sums(geometry, n, small, &turned(geometry, weights, false))
}

/// The weights in the order `[tap][small channel][big channel]`, or `[small channel][tap][big channel]` if `is_flat`.
fn turned(geometry: &Geometry, weights: &[f32], is_flat: bool) -> Vec<f32> {
    let (taps, channels) = (geometry.taps(), geometry.big.channels);
    let mut turned = vec![0.0; weights.len()];
    turned.par_chunks_mut(channels).enumerate().for_each(|(row, to)| {
        let (o, tap) = match is_flat {
            true => (row / taps, row % taps),
            false => (row % geometry.small.channels, row / geometry.small.channels),
        };
        let from = weights[o * channels * taps + tap..].iter().step_by(taps);
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    });
    turned
}

/// The big maps, by `weights` in the order `[tap][small channel][big channel]`.
fn sums(geometry: &Geometry, n: usize, small: &[f32], weights: &[f32]) -> Vec<f32> {
    let places = geometry.by_big().into_iter();
    let terms: Vec<Vec<_>> =
        places.map(|all| all.iter().map(|it| (it.small, it.tap)).collect()).collect();
    let [from, to] = [geometry.small.channels, geometry.big.channels];
    products(&terms, &Input::maps(n, small, from), weights, [n, from, to])
}
