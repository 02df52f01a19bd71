//! Latents: sampled from a seed, interpolated, quantised for the engine.
//!
//! This is the only place with floating point; the image path starts at the quantised latent. All arithmetic is IEEE
//! `f32` and `f64` in a fixed order, so every target computes the same bits. (libm and micromath are called by name,
//! so that no target substitutes functions of its own.)

mod error;
mod interpolate;
mod normal;
mod normalize;
mod parts;
mod quantize;
mod random;

pub use error::LengthError;
pub use interpolate::ease;
pub use parts::{Latent, MAX_PARTS, Part};
pub use quantize::LATENT_MAX;
pub use random::Random;

/// Most elements of a model's latent.
pub const MAX_LEN: usize = 1 << 14;

/// The distribution that elements of a latent had in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Distribution {
    /// Independent, normal: N(0, 1).
    Normal,
    /// Independent, uniform on (−1, 1).
    Uniform,
    /// A label: one element, each with the same probability, is 1, all others are 0.
    OneHot,
}

/// Fills `values` with the sample of `distribution` for `seed`, the same on every target and in every version.
///
/// A [`Latent`] of one part has the same samples.
pub fn sample(seed: u64, distribution: Distribution, values: &mut [f32]) {
    fill(&mut Random::new(seed), distribution, values);
}

/// Fills `values` with the next sample of `random`.
fn fill(random: &mut Random, distribution: Distribution, values: &mut [f32]) {
    let sample = elements(random, distribution, values.len());
    values.iter_mut().zip(sample).for_each(|(value, element)| *value = element);
}

/// The next sample of `random`, `len` elements. Takes 32 random bits for each element, but for a label 32 bits in all.
fn elements(
    random: &mut Random,
    distribution: Distribution,
    len: usize,
) -> impl Iterator<Item = f32> {
    let hot = match distribution {
        Distribution::OneHot => (u64::from(random.next_u32()) * len as u64) >> 32,
        _ => 0,
    };
    (0..len).map(move |index| match distribution {
        Distribution::Normal => normal::from_bits(random.next_u32()),
        Distribution::Uniform => uniform(random.next_u32()),
        Distribution::OneHot => f32::from(u8::from(index as u64 == hot)),
    })
}

/// The uniform number on (−1, 1) for 32 random bits: the middle of one of 2²⁴ equal intervals. *exact* in `f32`.
fn uniform(bits: u32) -> f32 {
    let odd = (bits >> 8) as i32 * 2 + 1 - (1 << 24);
    odd as f32 / (1 << 24) as f32
}
