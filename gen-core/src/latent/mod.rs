//! Latents: sampled from a seed, walked between, quantised for the engine.
//!
//! This is the only place with floating point; the image path starts at the quantised latent.
//! Everything here is plain IEEE `f32` and `f64` arithmetic in a fixed order (libm and micromath are
//! called by name, so that no target substitutes its own), hence the same on every target.

mod normal;
mod parts;
mod quantize;
mod random;
mod walk;

pub use parts::{Latent, MAX_PARTS, Part};
pub use quantize::{LATENT_MAX, quantize};
pub use random::Random;
pub use walk::{ease, lerp, slerp};

/// What elements of a latent were drawn from in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Distribution {
    /// Independent N(0, 1).
    Normal,
    /// Independent uniform on (−1, 1).
    Uniform,
    /// One of them 1 and all others 0, each as likely: a label.
    OneHot,
}

/// Fills `values` with the sample of `distribution` that belongs to `seed`: the same on every target, for
/// ever. A [`Latent`] of one part has the same samples.
pub fn sample(seed: u64, distribution: Distribution, values: &mut [f32]) {
    fill(&mut Random::new(seed), distribution, values);
}

/// The next sample of `random`: a number of it for each value, but one for the whole of a label.
fn fill(random: &mut Random, distribution: Distribution, values: &mut [f32]) {
    if distribution == Distribution::OneHot {
        let hot = (u64::from(random.next_u32()) * values.len() as u64) >> 32;
        for (index, value) in values.iter_mut().enumerate() {
            *value = f32::from(u8::from(index as u64 == hot));
        }
        return;
    }
    for value in values {
        let bits = random.next_u32();
        *value = match distribution {
            Distribution::Normal => normal::from_bits(bits),
            _ => uniform(bits),
        };
    }
}

/// Uniform on (−1, 1): the middles of 2²⁴ equal intervals, exact in `f32`.
fn uniform(bits: u32) -> f32 {
    let odd = (bits >> 8) as i32 * 2 + 1 - (1 << 24);
    odd as f32 / (1 << 24) as f32
}

/// The walk that suits `distribution`: [`slerp`] on the sphere where normal latents live, [`lerp`]
/// within the cube of uniform ones and from one label to another.
pub fn walk(distribution: Distribution, from: &[f32], to: &[f32], t: f32, out: &mut [f32]) {
    match distribution {
        Distribution::Normal => slerp(from, to, t, out),
        Distribution::Uniform | Distribution::OneHot => lerp(from, to, t, out),
    }
}
