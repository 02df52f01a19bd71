//! Latents: their parts, the distribution of each, and the latents of a seed.
//!
//! - [`wish`]: the distributions and the label that a user asks for
//! - [`inputs`]: which input of the graph takes which part
//! - [`file`](mod@file): latents from a `.npy` or `.npz`

pub mod file;
pub mod inputs;
pub mod wish;

use gen_core::format::PART_NAME;
use gen_core::format::write::DraftPart;
use gen_core::latent::{Distribution, Latent};
use std::ops::Range;

/// The name of a distribution on the command line and in files.
pub fn name(distribution: Distribution) -> &'static str {
    match distribution {
        Distribution::Normal => "normal",
        Distribution::Uniform => "uniform",
        Distribution::OneHot => "one-hot",
    }
}

/// The distribution whose [`name`] is `text`.
pub fn named(text: &str) -> Option<Distribution> {
    let all = [Distribution::Normal, Distribution::Uniform, Distribution::OneHot];
    all.into_iter().find(|&d| name(d) == text)
}

/// Quantisation steps per unit. 12 bits then hold ±5.1 standard deviations of a normal part, all of (−1, 1) of a
/// uniform one, and exactly 1 in a one-hot label.
pub fn scale(distribution: Distribution) -> f32 {
    match distribution {
        Distribution::Normal => 400.0,
        Distribution::Uniform | Distribution::OneHot => 2047.0,
    }
}

/// A part of `len` elements with the default scale of its distribution.
pub fn part(name: &str, len: usize, distribution: Distribution) -> DraftPart {
    let (name, scale, normalized) = (name.to_owned(), scale(distribution), false);
    DraftPart { name, len, distribution, scale, normalized }
}

/// `part` with elements that are normalised. Whatever their distribution, few are then beyond ±5.1.
pub(crate) fn normalized(part: DraftPart) -> DraftPart {
    DraftPart { scale: scale(Distribution::Normal), normalized: true, ..part }
}

/// The same parts with names that fit a `.gen` file: non-empty, short enough, and distinct.
pub(crate) fn short(parts: &[DraftPart]) -> Vec<DraftPart> {
    let mut short: Vec<DraftPart> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let whole = if part.name.is_empty() { "latent" } else { &part.name };
        let mut name = whole[..whole.floor_char_boundary(PART_NAME)].to_owned();
        if short.iter().any(|other| other.name == name) {
            // There are at most eight parts, so the index has one digit.
            name = format!("{}~{index}", &whole[..whole.floor_char_boundary(PART_NAME - 2)]);
        }
        short.push(DraftPart { name, ..part.clone() });
    }
    short
}

/// Factor of the first layer's weights for each latent element. It converts the element's own steps to those of the
/// first part.
pub(crate) fn ratios(parts: &[DraftPart]) -> Vec<f64> {
    let first = parts.first().map_or(1.0, |part| f64::from(part.scale));
    let ratio = |part: &DraftPart| std::iter::repeat_n(first / f64::from(part.scale), part.len);
    parts.iter().flat_map(ratio).collect()
}

/// The latent elements of each part, in order.
pub fn places(parts: &[DraftPart]) -> impl Iterator<Item = Range<usize>> {
    parts.iter().scan(0, |begin, part| {
        let place = *begin..*begin + part.len;
        *begin = place.end;
        Some(place)
    })
}

/// The latent of picture `index` in a series that begins with `seed`: the one that a device draws for seed
/// `seed + index`.
pub fn shown(seed: u64, index: usize, latent: &Latent) -> Vec<f32> {
    let mut z = vec![0.0; latent.len()];
    latent.sample(seed.wrapping_add(index as u64), &mut z).expect("z has the latent's length");
    z
}

/// Calibration latent `index`. Its seed has the highest bit inverted, so that no series of pictures from `seed` on
/// contains it.
pub fn calibration(seed: u64, index: usize, latent: &Latent) -> Vec<f32> {
    shown(seed ^ 1 << 63, index, latent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_of_calibration_and_pictures_never_meet() {
        let parts = [part("z", 4, Distribution::Normal)];
        let latent = DraftPart::latent(&parts);
        let shown = |index| shown(5, index, &latent);
        let other = |index| calibration(5, index, &latent);
        assert!((0..100).all(|i| (0..100).all(|j| shown(i) != other(j))));
        assert_eq!(shown(3), super::shown(8, 0, &latent));
    }

    #[test]
    fn names_are_cut_and_differ() {
        let names = ["", "serving_default_input_label:0", "serving_default_input_label:1", "zäää"];
        let parts = names.map(|name| part(name, 1, Distribution::Normal));
        let short: Vec<String> = short(&parts).into_iter().map(|part| part.name).collect();
        assert_eq!(
            short,
            ["latent", "serving_default_input_la", "serving_default_input_~2", "zäää"]
        );
        assert!(short.iter().all(|name| name.len() <= PART_NAME));
    }
}
