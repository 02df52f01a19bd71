//! The float network's pictures, for others to be compared with.

use crate::draw::Generator;
use crate::draw::classifier::{Classifier, Frechet};
use crate::onnx::source::Source;
use crate::picture::Picture;
use crate::picture::fidelity::Pair;
use crate::picture::pixel_rule::PixelRule;
use crate::picture::sheet;
use crate::{latent, parallel};
use anyhow::{Error, Result};
use gen_core::format::write::DraftPart;

/// The pictures of the first latents of a seed that the ranges were not chosen on.
pub struct Comparison {
    seed: u64,
    float: Vec<Picture>,
}

impl Comparison {
    /// Draws `count` of them; `done` is called after each.
    ///
    /// # Errors
    /// If tract can't run the network.
    pub fn new(
        source: &Source,
        pixels: Option<PixelRule>,
        (seed, count): (u64, usize),
        done: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        let float = draw((seed, count), || Generator::onnx(source, pixels), done)?;
        Ok(Self { seed, float })
    }

    /// Those of `gen_file`; `done` is called after each.
    ///
    /// # Errors
    /// If it is no `.gen` file for such latents.
    pub fn draw(&self, gen_file: &[u8], done: &(dyn Fn() + Sync)) -> Result<Vec<Picture>> {
        draw((self.seed, self.float.len()), || Generator::gen_file(gen_file), done)
    }

    /// How close each of `drawn` is.
    ///
    /// # Errors
    /// None of its own.
    pub fn pairs(&self, drawn: &[Picture]) -> Result<Vec<Pair>> {
        let parts = parallel::split(drawn.len(), |range| {
            let pairs = self.float[range.clone()].iter().zip(&drawn[range]);
            Ok(pairs.map(|(float, device)| Pair::of(float, device)).collect::<Vec<_>>())
        })?;
        Ok(parts.concat())
    }

    /// A PNG of some of `drawn`, by index: in float, as drawn, and their difference eight times as large.
    ///
    /// # Errors
    /// If it can't be encoded.
    pub fn sheet(&self, drawn: &[Picture], indices: &[usize]) -> Result<Vec<u8>> {
        let mut pictures = Vec::new();
        for &index in indices {
            let (float, device) = (&self.float[index], &drawn[index]);
            pictures.extend([float.clone(), device.clone(), float.difference(device, 8)]);
        }
        sheet::rows(&pictures, 6)
    }

    /// How far `drawn` are to `classifier`, and `others`, the float network's of other latents; `done` is called
    /// after every picture looked at.
    ///
    /// # Errors
    /// Those of the classifier.
    pub fn frechet(
        &self,
        drawn: &[Picture],
        others: &Self,
        classifier: &Classifier,
        done: &(dyn Fn() + Sync),
    ) -> Result<Frechet> {
        let float = classifier.look(&self.float, done)?;
        let distance = |pictures| Ok::<_, Error>(classifier.look(pictures, done)?.distance(&float));
        let (device, others) = (distance(drawn)?, distance(&others.float)?);
        Ok(Frechet { features: float.features(), device, others })
    }
}

/// The pictures of so many latents from a seed on, which float network and `.gen` draw from like parts.
fn draw<'a>(
    (seed, count): (u64, usize),
    generator: impl Fn() -> Result<Generator<'a>> + Sync,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Picture>> {
    let parts = parallel::split(count, |range| {
        let mut generator = generator()?;
        let pictures = range.map(|index| {
            let z = latent::shown(seed, index, &DraftPart::latent(&generator.latent));
            let drawing = generator.draw(&z)?;
            done();
            Ok(generator.picture(&drawing))
        });
        pictures.collect::<Result<Vec<_>>>()
    })?;
    Ok(parts.concat())
}
