//! `reference.npz`: outputs of the trained networks, for comparison with other runtimes.

use std::io::Cursor;

use anyhow::Result;
use burn::tensor::activation::sigmoid;
use ndarray::{Array2, Array4};
use ndarray_npy::NpzWriter;

use super::drawing::noise;
use crate::condition::{self, Classes};
use crate::discriminator::Discriminator;
use crate::generator::Generator;
use crate::network::Network;
use crate::operation;
use crate::values::values;

/// Number of latents in it: those of seeds 0 to 15, of one class after the other.
const COUNT: usize = 16;

/// Encodes an `.npz` with latents `z`, `[16, latent]`; a conditional network's `label`, one-hot, `[16, classes]`; the
/// generator's pictures `img`, `[16, channels, size, size]` in [−1, 1]; and `real`, `[16, 1]`: the discriminator's
/// probabilities that these are real.
pub(super) fn encode(
    generator: &Generator,
    discriminator: &Discriminator,
    network: &Network,
) -> Result<Vec<u8>> {
    let Network { latent, classes: count, .. } = *network;
    let z = noise(network, 0, 0..COUNT);
    let classes =
        (count > 0).then(|| Classes::new((0..COUNT).map(|it| it % count).collect(), count));
    let pictures = generator.draw(condition::latents(z.clone(), classes.as_ref()));
    let given = classes.as_ref().map(|it| it.tensor(&pictures.device()));
    let real = values(sigmoid(discriminator.forward(pictures.clone(), given.as_ref()).logits));

    let shape = (COUNT, network.channels, network.size, network.size);
    let mut bytes = Cursor::new(Vec::new());
    let mut npz = NpzWriter::new_compressed(&mut bytes);
    npz.add_array("z", &Array2::from_shape_vec((COUNT, latent), z)?)?;
    if let Some(classes) = classes {
        npz.add_array("label", &Array2::from_shape_vec((COUNT, count), classes.one_hot())?)?;
    }
    npz.add_array("img", &Array4::from_shape_vec(shape, values(operation::planes(pictures)))?)?;
    npz.add_array("real", &Array2::from_shape_vec((COUNT, 1), real)?)?;
    npz.finish()?;
    Ok(bytes.into_inner())
}
