//! The orders of weights: ONNX has `[small channel][big channel][tap]`, the operations multiply by matrices of one tap.

use rayon::prelude::*;

use super::geometry::Geometry;

/// Small channels that are reordered together: their numbers of one tap fill a line of a cache.
const LINE: usize = 16;

/// The `weights` of a geometry as `[small channel][tap][big channel]`.
pub(super) fn by_small(geometry: &Geometry, weights: &[f32]) -> Vec<f32> {
    let (taps, channels) = (geometry.taps(), geometry.big.channels);
    let mut turned = vec![0.0; weights.len()];
    let pairs = turned.par_chunks_mut(channels * taps).zip(weights.par_chunks(channels * taps));
    pairs.for_each(|(to, from)| {
        for (tap, to) in to.chunks_exact_mut(channels).enumerate() {
            to.iter_mut().zip(from.chunks_exact(taps)).for_each(|(to, from)| *to = from[tap]);
        }
    });
    turned
}

/// The `weights` of a geometry as `[tap][small channel][big channel]`.
pub(super) fn small_to_big(geometry: &Geometry, weights: &[f32]) -> Vec<f32> {
    let (taps, channels) = (geometry.taps(), geometry.big.channels);
    let from = by_small(geometry, weights);
    let mut turned = vec![0.0; weights.len()];
    let of_tap = turned.par_chunks_mut(geometry.small.channels * channels).enumerate();
    of_tap.for_each(|(tap, to)| {
        let from = from.chunks_exact(channels).skip(tap).step_by(taps);
        to.chunks_exact_mut(channels).zip(from).for_each(|(to, from)| to.copy_from_slice(from));
    });
    turned
}

/// The `weights` of a geometry as `[tap][big channel][small channel]`.
pub(super) fn big_to_small(geometry: &Geometry, weights: &[f32]) -> Vec<f32> {
    let (taps, channels) = (geometry.taps(), geometry.big.channels);
    let from = by_small(geometry, weights);
    let mut turned = vec![0.0; weights.len()];
    let of_tap = turned.par_chunks_mut(channels * geometry.small.channels).enumerate();
    of_tap.for_each(|(tap, to)| {
        let lines = from.chunks(LINE * taps * channels).enumerate();
        for (line, from) in lines {
            let rows = to.chunks_exact_mut(geometry.small.channels);
            for (c, to) in rows.enumerate() {
                let from = from[tap * channels + c..].iter().step_by(taps * channels);
                to[line * LINE..].iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        }
    });
    turned
}

/// Numbers in the order of [`big_to_small`] in that of ONNX.
pub(super) fn as_onnx(geometry: &Geometry, turned: &[f32]) -> Vec<f32> {
    let (taps, channels) = (geometry.taps(), geometry.big.channels);
    let mut all = vec![0.0; turned.len()];
    let lines = all.par_chunks_mut(LINE * channels * taps).enumerate();
    lines.for_each(|(line, to)| {
        for c in 0..channels {
            for tap in 0..taps {
                let from = (tap * channels + c) * geometry.small.channels + line * LINE;
                let to = to[c * taps + tap..].iter_mut().step_by(channels * taps);
                to.zip(&turned[from..]).for_each(|(to, from)| *to = *from);
            }
        }
    });
    all
}
