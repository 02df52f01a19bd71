//! A latent of named parts: noise, and often a label or a code beside it.

use super::interpolate::{lerp, slerp};
use super::normalize::Norm;
use super::quantize::step;
use super::{Distribution, LengthError, Random, elements, fill};
use core::ops::Range;
use heapless::Vec;

/// Most parts of a latent.
pub const MAX_PARTS: usize = 8;

/// Consecutive elements of a latent with the same distribution and scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'a> {
    /// The part's name in the generator, for example `z` or `label`.
    pub name: &'a str,
    /// Number of elements, at least 1.
    pub len: usize,
    /// The elements' distribution in training.
    pub distribution: Distribution,
    /// Steps of the quantised elements per unit: `q = ⌊z·scale + ½⌋`, clamped to ±[`LATENT_MAX`](super::LATENT_MAX).
    pub scale: f32,
    /// Whether the elements are divided by the root of their mean square before they are quantised. Samples and walks
    /// are those of the elements before.
    pub normalized: bool,
}

impl Part<'_> {
    /// The norm of a normalised part, whose elements `each` calls its argument with.
    fn norm(&self, each: impl Fn(&mut dyn FnMut(f32))) -> Option<Norm> {
        self.normalized.then(|| Norm::new(self.len, each))
    }

    /// Element `z` of the part, whose norm is `norm`, as an integer.
    fn step(&self, norm: Option<&Norm>, z: f32) -> i16 {
        step(norm.map_or(f64::from(z), |norm| norm.of(z)), self.scale)
    }
}

/// The input of a model: the parts of its latent, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latent<'a> {
    parts: Vec<Part<'a>, MAX_PARTS>,
}

impl<'a> Latent<'a> {
    /// A latent of the first [`MAX_PARTS`] of `parts`.
    pub fn new(parts: impl IntoIterator<Item = Part<'a>>) -> Self {
        Self { parts: parts.into_iter().take(MAX_PARTS).collect() }
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[Part<'a>] {
        &self.parts
    }

    /// Number of elements of all parts together.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len).sum()
    }

    /// Whether there are no parts.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Computes the quantised latent of `seed`, ready for [`Engine::draw`](crate::Engine::draw):
    /// [`sample`](Self::sample) and [`quantize`](Self::quantize) in one call, without a buffer of `f32`.
    ///
    /// # Errors
    ///
    /// [`LengthError`] if `out` does not have the latent's length.
    pub fn sample_quantized(&self, seed: u64, out: &mut [i16]) -> Result<(), LengthError> {
        LengthError::check(self.len(), out.len())?;
        let mut random = Random::new(seed);
        for (part, place) in self.places() {
            let norm = part.norm(|each| {
                elements(&mut random.clone(), part.distribution, part.len).for_each(each);
            });
            let sample = elements(&mut random, part.distribution, part.len);
            out[place].iter_mut().zip(sample).for_each(|(q, z)| *q = part.step(norm.as_ref(), z));
        }
        Ok(())
    }

    /// Computes the latent of `seed`, the same on every target and in every version.
    ///
    /// The parts are sampled in order from one stream of random numbers, so a part does not depend on those after it.
    ///
    /// # Errors
    ///
    /// [`LengthError`] if `out` does not have the latent's length.
    pub fn sample(&self, seed: u64, out: &mut [f32]) -> Result<(), LengthError> {
        LengthError::check(self.len(), out.len())?;
        let mut random = Random::new(seed);
        for (part, place) in self.places() {
            fill(&mut random, part.distribution, &mut out[place]);
        }
        Ok(())
    }

    /// Computes the latent at `t` between `from` and `to`. *exact* at both ends. *range*: `t` is clamped to 0…1.
    ///
    /// Normal parts follow the great circle (White 2016, arXiv 1609.04468), because they live near a sphere. Uniform
    /// parts, which live in a cube, and labels follow the straight line.
    ///
    /// # Errors
    ///
    /// [`LengthError`] if a slice does not have the latent's length.
    pub fn walk(
        &self,
        from: &[f32],
        to: &[f32],
        t: f32,
        out: &mut [f32],
    ) -> Result<(), LengthError> {
        for got in [from.len(), to.len(), out.len()] {
            LengthError::check(self.len(), got)?;
        }
        let t = t.clamp(0.0, 1.0);
        for (part, place) in self.places() {
            let (from, to, out) = (&from[place.clone()], &to[place.clone()], &mut out[place]);
            match part.distribution {
                Distribution::Normal => slerp(from, to, t, out),
                Distribution::Uniform | Distribution::OneHot => lerp(from, to, t, out),
            }
        }
        Ok(())
    }

    /// Quantises `latent`, each part with its own scale: `q = clamp(⌊z·scale + ½⌋, ±2047)`. A part that is
    /// [normalised](Part::normalized) is so before.
    ///
    /// Product and sum are `f64`, as in the quantised ONNX. NaN gives 0.
    ///
    /// # Errors
    ///
    /// [`LengthError`] if a slice does not have the latent's length.
    pub fn quantize(&self, latent: &[f32], out: &mut [i16]) -> Result<(), LengthError> {
        for got in [latent.len(), out.len()] {
            LengthError::check(self.len(), got)?;
        }
        for (part, place) in self.places() {
            let values = &latent[place.clone()];
            let norm = part.norm(|each| values.iter().copied().for_each(each));
            out[place].iter_mut().zip(values).for_each(|(q, &z)| *q = part.step(norm.as_ref(), z));
        }
        Ok(())
    }

    /// Each part, with the place of its elements in the latent.
    fn places(&self) -> impl Iterator<Item = (&Part<'a>, Range<usize>)> {
        let mut begin = 0;
        self.parts.iter().map(move |part| {
            let place = begin..begin + part.len;
            begin = place.end;
            (part, place)
        })
    }
}
