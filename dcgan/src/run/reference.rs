//! `reference.npz`: outputs of the trained networks, for comparison with other runtimes.

use std::io::Cursor;

use anyhow::Result;
use burn::tensor::activation::sigmoid;
use ndarray::{Array2, Array4};
use ndarray_npy::NpzWriter;

use super::drawing::latents;
use crate::condition;
use crate::discriminator::Discriminator;
use crate::generator::Generator;
use crate::network::Network;
use crate::operation;
use crate::values::values;

/// Number of latents in it: those of seeds 0 to 15.
const COUNT: usize = 16;

/// Encodes an `.npz` with latents `z`, `[16, latent]`; the one-hot `label` of a conditional network, `[16, labels]`; the
/// generator's pictures `img`, `[16, channels, size, size]` in [−1, 1]; and `real`, `[16, 1]`: the discriminator's probabilities that these are real.
pub(super) fn encode(
    generator: &Generator,
    discriminator: &Discriminator,
    network: &Network,
) -> Result<Vec<u8>> {
    let Network { latent, labels: count, .. } = *network;
    let all = latents(network, 0, 0..COUNT);
    let parts = all.chunks_exact(latent + count).map(|it| it.split_at(latent));
    let (z, labels): (Vec<&[f32]>, Vec<&[f32]>) = parts.unzip();
    let pictures = generator.draw(all.clone());
    let labels = labels.concat();
    let given = condition::tensor(labels.clone(), count, &pictures.device());
    let scores = discriminator.forward(pictures.clone(), given.as_ref());
    let real = values(sigmoid(scores.logits));

    let shape = (COUNT, network.channels, network.size, network.size);
    let mut bytes = Cursor::new(Vec::new());
    let mut npz = NpzWriter::new_compressed(&mut bytes);
    npz.add_array("z", &Array2::from_shape_vec((COUNT, latent), z.concat())?)?;
    if count > 0 {
        npz.add_array("label", &Array2::from_shape_vec((COUNT, count), labels)?)?;
    }
    npz.add_array("img", &Array4::from_shape_vec(shape, values(operation::planes(pictures)))?)?;
    npz.add_array("real", &Array2::from_shape_vec((COUNT, 1), real)?)?;
    npz.finish()?;
    Ok(bytes.into_inner())
}
