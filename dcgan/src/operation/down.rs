//! The convolution of a batch: from big maps to small ones.

use super::geometry::Geometry;
use super::patches::{self, Input};
use super::product::products;
use super::weights::big_to_small;

/// The small maps of the `big` ones of `n` pictures.
pub(super) fn down(geometry: &Geometry, n: usize, big: &[f32], weights: &[f32]) -> Vec<f32> {
    let weights = big_to_small(geometry, weights);
    match patches::flat(geometry) {
        Some(flat) => sums(&flat, n, &Input::patches(geometry, n, big), &weights),
        None => sums(geometry, n, &Input::maps(n, big, geometry.big.channels), &weights),
    }
}

/// The small maps, by `weights` in the order `[tap][big channel][small channel]`.
fn sums(geometry: &Geometry, n: usize, big: &Input, weights: &[f32]) -> Vec<f32> {
    let sizes = [n, geometry.big.channels, geometry.small.channels];
    products(&geometry.by_small(), |it| it.big, big, weights, sizes)
}
