//! The float network's pictures, for others to be compared with.

use crate::classifier::{Classifier, Frechet};
use crate::fidelity::Pair;
use crate::generator::Generator;
use crate::load::Source;
use crate::picture::Picture;
use crate::pixels::PixelRule;
use crate::{latents, parallel, sheet};
use anyhow::Result;
use gen_core::format::write::DraftPart;

/// Pictures of the sheet of the worst.
const WORST: usize = 8;

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
        let parts = parallel::split(count, |range| {
            let mut float = Generator::onnx(source, pixels)?;
            let pictures = range.map(|index| {
                let picture = picture(&mut float, seed, index);
                done();
                picture
            });
            pictures.collect::<Result<Vec<_>>>()
        })?;
        Ok(Self { seed, float: parts.concat() })
    }

    /// Those of `gen_file` compared with them; `done` is called after each.
    ///
    /// # Errors
    /// If it is no `.gen` file for such latents.
    pub fn pairs(&self, gen_file: &[u8], done: &(dyn Fn() + Sync)) -> Result<Vec<Pair>> {
        let parts = parallel::split(self.float.len(), |range| {
            let mut device = Generator::gen_file(gen_file)?;
            let pairs = range.map(|index| {
                let pair = Pair::of(&self.float[index], &picture(&mut device, self.seed, index)?);
                done();
                Ok(pair)
            });
            pairs.collect::<Result<Vec<_>>>()
        })?;
        Ok(parts.concat())
    }

    /// A PNG of those of which `pairs` are the worst, the worst first: in float, of `gen_file`, and their difference
    /// eight times as large.
    ///
    /// # Errors
    /// Likewise.
    pub fn worst(&self, gen_file: &[u8], pairs: &[Pair]) -> Result<Vec<u8>> {
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_by(|a, b| pairs[*a].psnr().total_cmp(&pairs[*b].psnr()));
        let mut device = Generator::gen_file(gen_file)?;
        let mut worst = Vec::new();
        for &index in order.iter().take(WORST) {
            let float = &self.float[index];
            let device = picture(&mut device, self.seed, index)?;
            let difference = float.difference(&device, 8);
            worst.extend([float.clone(), device, difference]);
        }
        sheet::rows(&worst, 6)
    }

    /// How far the pictures of `gen_file` are to `classifier`, and `others`, the float network's of other latents;
    /// `done` is called after every picture drawn or looked at.
    ///
    /// # Errors
    /// Likewise, and those of the classifier.
    pub fn frechet(
        &self,
        gen_file: &[u8],
        others: &Self,
        classifier: &Classifier,
        done: &(dyn Fn() + Sync),
    ) -> Result<Frechet> {
        let device = parallel::split(self.float.len(), |range| {
            let mut device = Generator::gen_file(gen_file)?;
            let pictures = range.map(|index| {
                let picture = picture(&mut device, self.seed, index);
                done();
                picture
            });
            pictures.collect::<Result<Vec<_>>>()
        })?;
        let (float, features) = classifier.look(&self.float, done)?;
        let distance = |pictures: &[Picture]| -> Result<f64> {
            Ok(classifier.look(pictures, done)?.0.distance(&float))
        };
        let (device, others) = (distance(&device.concat())?, distance(&others.float)?);
        Ok(Frechet { features, device, others })
    }
}

/// The picture of latent `index`, which float network and `.gen` draw from like parts.
fn picture(generator: &mut Generator, seed: u64, index: usize) -> Result<Picture> {
    let z = latents::shown(seed, index, &DraftPart::latent(&generator.latent));
    let values = generator.draw(&z)?;
    Ok(generator.picture(&values))
}
