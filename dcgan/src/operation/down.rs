//! The convolution of a batch: from big maps to small ones.

use rayon::prelude::*;

use super::geometry::Geometry;
use super::patches::{self, Input};
use super::product::products;

/// The small maps of the `big` ones of `n` pictures.
pub(super) fn down(geometry: &Geometry, n: usize, big: &[f32], weights: &[f32]) -> Vec<f32> {
    let (taps, channels) = (geometry.taps(), geometry.big.channels);
    // [tap][big channel][small channel]
    let mut turned = vec![0.0; weights.len()];
    turned.par_chunks_mut(geometry.small.channels).enumerate().for_each(|(row, to)| {
        let (tap, c) = (row / channels, row % channels);
        let from = weights[c * taps + tap..].iter().step_by(channels * taps);
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    });
    match patches::flat(geometry) {
        Some(flat) => sums(&flat, n, &Input::patches(geometry, n, big), &turned),
        None => sums(geometry, n, &Input::maps(n, big, channels), &turned),
    }
}

/// The small maps, by `weights` in the order `[tap][big channel][small channel]`.
fn sums(geometry: &Geometry, n: usize, big: &Input, weights: &[f32]) -> Vec<f32> {
    let places = geometry.by_small().into_iter();
    let terms: Vec<Vec<_>> =
        places.map(|all| all.iter().map(|it| (it.big, it.tap)).collect()).collect();
    products(&terms, big, weights, [n, geometry.big.channels, geometry.small.channels])
}
