//! `reference.npz`: outputs of the trained networks, for comparison with other runtimes.

use std::io::Cursor;

use anyhow::Result;
use burn::tensor::activation::sigmoid;
use ndarray::{Array2, Array4};
use ndarray_npy::NpzWriter;

use super::drawing::latents;
use crate::discriminator::Discriminator;
use crate::generator::Generator;
use crate::network::Network;
use crate::operation;
use crate::values::values;

/// Number of latents in it: those of seeds 0 to 15.
const COUNT: usize = 16;

/// Encodes an `.npz` with latents `z`, `[16, latent]`; the generator's pictures `img`, `[16, channels, size,
/// size]` in [−1, 1]; and `real`, `[16, 1]`: the discriminator's probabilities that these are real.
pub(super) fn encode(
    generator: &Generator,
    discriminator: &Discriminator,
    network: &Network,
) -> Result<Vec<u8>> {
    let z = latents(generator, 0, 0..COUNT);
    let pictures = generator.draw(z.clone());
    let real = values(sigmoid(discriminator.forward(pictures.clone()).logits));

    let shape = (COUNT, network.channels, network.size, network.size);
    let mut bytes = Cursor::new(Vec::new());
    let mut npz = NpzWriter::new_compressed(&mut bytes);
    npz.add_array("z", &Array2::from_shape_vec((COUNT, network.latent), z)?)?;
    npz.add_array("img", &Array4::from_shape_vec(shape, values(operation::planes(pictures)))?)?;
    npz.add_array("real", &Array2::from_shape_vec((COUNT, 1), real)?)?;
    npz.finish()?;
    Ok(bytes.into_inner())
}
