//! The transpose of the convolution of a batch: from small maps to big ones.

use super::geometry::Geometry;
use super::patches::{self, Input};
use super::product::products;
use super::weights::{by_small, small_to_big};

/// The big maps of the `small` ones of `n` pictures.
pub(super) fn up(geometry: &Geometry, n: usize, small: &[f32], weights: &[f32]) -> Vec<f32> {
    match patches::flat(geometry) {
        Some(flat) => {
            let patches = sums(&flat, n, small, &by_small(geometry, weights));
            patches::add(geometry, n, &patches)
        }
        None => sums(geometry, n, small, &small_to_big(geometry, weights)),
    }
}

/// The big maps, by `weights` in the order `[tap][small channel][big channel]`.
fn sums(geometry: &Geometry, n: usize, small: &[f32], weights: &[f32]) -> Vec<f32> {
    let [from, to] = [geometry.small.channels, geometry.big.channels];
    let small = Input::maps(n, small, from);
    products(&geometry.by_big(), |it| it.small, &small, weights, [n, from, to])
}
