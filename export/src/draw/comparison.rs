//! Compares pictures with those of the float network.

use crate::draw::classifier::{Classifier, Frechet};
use crate::draw::device;
use crate::network::Network;
use crate::network::float::{self, BATCH};
use crate::picture::Planes;
use crate::picture::fidelity::Difference;
use crate::picture::pixel_rule::PixelRule;
use crate::picture::sheet;
use crate::{latent, parallel};
use anyhow::Result;
use gen_core::Model;
use gen_core::format::write::DraftPart;

/// Number of comparisons in a row of the [sheet](Comparison::sheet).
pub const PER_ROW: usize = 2;

/// The float network's pictures of consecutive seeds. Calibration takes none of these latents.
pub struct Comparison<'a> {
    network: &'a Network,
    pixels: PixelRule,
    seed: u64,
    float: Vec<Planes>,
    /// Called after every picture that is drawn or classified.
    done: &'a (dyn Fn() + Sync),
}

impl<'a> Comparison<'a> {
    /// Draws `count` pictures of `network`, from `seed` on. `done` is called after every picture that this comparison
    /// draws or classifies, now and later.
    ///
    /// # Errors
    ///
    /// If a latent has the wrong length.
    pub fn new(
        network: &'a Network,
        pixels: PixelRule,
        (seed, count): (u64, usize),
        done: &'a (dyn Fn() + Sync),
    ) -> Result<Self> {
        let draw = float::drawing(network, None, pixels);
        let latent = DraftPart::latent(&network.latent);
        let float = parallel::batches(count, BATCH, |batch| {
            let latents: Vec<_> = batch.map(|i| latent::shown(seed, i, &latent)).collect();
            draw(&latents).inspect(|drawn| drawn.iter().for_each(|_| done()))
        })?;
        Ok(Self { network, pixels, seed, float, done })
    }

    /// The pictures that `gen_file` draws of the same latents.
    ///
    /// # Errors
    ///
    /// If gen-core refuses the file.
    pub fn draw(&self, gen_file: &[u8]) -> Result<Vec<Planes>> {
        let model = Model::parse(gen_file)?;
        parallel::map(self.float.len(), |index| {
            let z = latent::shown(self.seed, index, model.latent());
            device::draw(&model, &z).inspect(|_| (self.done)())
        })
    }

    /// Compares each of `drawn` with the float network's picture of the same latent.
    pub fn differences(&self, drawn: &[Planes]) -> Vec<Difference> {
        let difference = |index: usize| Difference::of(&self.float[index], &drawn[index]);
        parallel::split(drawn.len(), |part| part.map(difference).collect::<Vec<_>>()).concat()
    }

    /// A PNG of those of `drawn` at `indices`: for each the float picture, the drawn one, and their difference times 8.
    ///
    /// # Errors
    ///
    /// If it can't be encoded.
    pub fn sheet(&self, drawn: &[Planes], indices: &[usize]) -> Result<Vec<u8>> {
        let mut pictures = Vec::new();
        for &index in indices {
            let (float, device) = (&self.float[index], &drawn[index]);
            pictures.extend([float.clone(), device.clone(), float.difference(device, 8)]);
        }
        sheet::rows(&pictures, 3 * PER_ROW)
    }

    /// Squared Fréchet distances from the float network's pictures in the features of `classifier`: of `drawn`, and, for
    /// comparison, of the float network's pictures of as many other latents.
    ///
    /// # Errors
    ///
    /// Those of [`Classifier::look`].
    pub fn frechet(&self, drawn: &[Planes], classifier: &Classifier) -> Result<Frechet> {
        let count = self.float.len();
        let others = (self.seed.wrapping_add(count as u64), count);
        let others = Self::new(self.network, self.pixels, others, self.done)?;
        let look = |pictures: &[Planes]| classifier.look(pictures, self.done);
        let (float, device, others) = (look(&self.float)?, look(drawn)?, look(&others.float)?);
        let [device, others] = [device, others].map(|it| it.distance(&float));
        Ok(Frechet { features: float.features(), device, others })
    }
}
