//! Compares pictures with those of the float network.

use crate::draw::classifier::{Classifier, Frechet};
use crate::draw::device::Device;
use crate::network::Network;
use crate::network::float::Float;
use crate::picture::Picture;
use crate::picture::fidelity::Pair;
use crate::picture::pixel_rule::PixelRule;
use crate::picture::sheet;
use crate::{latent, parallel};
use anyhow::{Error, Result};
use gen_core::format::write::DraftPart;

/// The float network's pictures of consecutive seeds. Calibration takes none of these latents.
pub struct Comparison {
    seed: u64,
    float: Vec<Picture>,
}

impl Comparison {
    /// Draws `count` pictures of `network`, from `seed` on. `done` is called after each.
    ///
    /// # Errors
    /// If tract can't run the network.
    pub fn new(
        network: &Network,
        pixels: PixelRule,
        (seed, count): (u64, usize),
        done: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        let float = Float::new(network, None, pixels)?;
        let latent = DraftPart::latent(&network.latent);
        let picture = |index| float.picture(&latent::shown(seed, index, &latent));
        Ok(Self { seed, float: draw(count, || Ok(picture), done)? })
    }

    /// The pictures that `gen_file` draws of the same latents. `done` is called after each.
    ///
    /// # Errors
    /// If gen-core refuses the file.
    pub fn draw(&self, gen_file: &[u8], done: &(dyn Fn() + Sync)) -> Result<Vec<Picture>> {
        let begin = || {
            let mut device = Device::new(gen_file)?;
            Ok(move |index| {
                let z = latent::shown(self.seed, index, device.model().latent());
                device.run(&z)
            })
        };
        draw(self.float.len(), begin, done)
    }

    /// Compares each of `drawn` with the float network's picture of the same latent.
    ///
    /// # Errors
    /// Never: the work is shared among threads, whose interface returns a result.
    pub fn pairs(&self, drawn: &[Picture]) -> Result<Vec<Pair>> {
        let parts = parallel::split(drawn.len(), |range| {
            let pairs = self.float[range.clone()].iter().zip(&drawn[range]);
            Ok(pairs.map(|(float, device)| Pair::of(float, device)).collect::<Vec<_>>())
        })?;
        Ok(parts.concat())
    }

    /// A PNG of those of `drawn` at `indices`: for each the float picture, the drawn one, and their difference times 8.
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

    /// Squared Fréchet distances of `drawn`, and of `others`, the float network's pictures of other latents, in the
    /// features of `classifier`. `done` is called after every picture classified.
    ///
    /// # Errors
    /// Those of [`Classifier::look`].
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

/// The pictures of `count` consecutive latents, drawn on all threads, each of which draws by index with what `begin`
/// gives it. `done` is called after each.
fn draw<D: FnMut(usize) -> Result<Picture>>(
    count: usize,
    begin: impl Fn() -> Result<D> + Sync,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Picture>> {
    let parts = parallel::split(count, |range| {
        let mut picture = begin()?;
        let pictures = range.map(|index| picture(index).inspect(|_| done()));
        pictures.collect::<Result<Vec<_>>>()
    })?;
    Ok(parts.concat())
}
