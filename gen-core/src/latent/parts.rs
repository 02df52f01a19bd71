//! A latent of named parts: noise, and beside it a code or a label.

use super::{Distribution, Random, fill, quantize, walk};
use heapless::Vec;

/// Most parts of a latent.
pub const MAX_PARTS: usize = 8;

/// Neighbouring elements of a latent that are drawn in the same way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'a> {
    /// Its name in the generator, for example `z` or `label`.
    pub name: &'a str,
    /// Its elements, at least one.
    pub len: usize,
    /// What the generator was trained on.
    pub distribution: Distribution,
    /// Steps of its quantised elements per unit: `q = ⌊z·scale + ½⌋`, within ±2047.
    pub scale: f32,
}

/// What a model takes as input: its parts, one behind the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latent<'a> {
    parts: Vec<Part<'a>, MAX_PARTS>,
}

impl<'a> Latent<'a> {
    /// A latent of `parts`, of which those beyond [`MAX_PARTS`] are left out.
    pub fn new(parts: impl IntoIterator<Item = Part<'a>>) -> Self {
        Self { parts: parts.into_iter().take(MAX_PARTS).collect() }
    }

    /// Its parts.
    pub fn parts(&self) -> &[Part<'a>] {
        &self.parts
    }

    /// Elements of all parts together.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len).sum()
    }

    /// Whether there is no part.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Fills `latent` with the sample that belongs to `seed`: the same on every target, for ever. Parts
    /// are drawn first to last from one stream of random numbers, so that a part does not depend on
    /// those behind it. The shorter of the two lengths counts.
    pub fn sample(&self, seed: u64, latent: &mut [f32]) {
        let mut random = Random::new(seed);
        let mut rest = latent;
        for part in &self.parts {
            let (values, behind) = rest.split_at_mut(part.len.min(rest.len()));
            fill(&mut random, part.distribution, values);
            rest = behind;
        }
    }

    /// The point at `t`, 0 to 1, on the way `from` one latent `to` another, each part on the way that
    /// suits it ([`walk`]). The shortest slice counts.
    pub fn walk(&self, from: &[f32], to: &[f32], t: f32, out: &mut [f32]) {
        let len = from.len().min(to.len()).min(out.len());
        let mut begin = 0;
        for part in &self.parts {
            let place = begin..(begin + part.len).min(len);
            begin = place.end;
            walk(part.distribution, &from[place.clone()], &to[place.clone()], t, &mut out[place]);
        }
    }

    /// Quantises `latent`, each part with its own scale ([`quantize`]). The shortest of the lengths
    /// counts.
    pub fn quantize(&self, latent: &[f32], out: &mut [i16]) {
        let len = latent.len().min(out.len());
        let mut begin = 0;
        for part in &self.parts {
            let place = begin..(begin + part.len).min(len);
            begin = place.end;
            quantize(&latent[place.clone()], part.scale, &mut out[place]);
        }
    }
}
