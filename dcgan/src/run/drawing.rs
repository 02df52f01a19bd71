//! Pictures of a generator in training.

use burn::tensor::{Tensor, TensorData};
use export::latents;
use export::picture::Picture;
use export::pixels::PixelRule;
use gen_core::latent::Distribution;

use crate::generator::Generator;
use crate::values::values;

/// Seed of the first picture that is judged: every generator is judged on the same latents.
pub const JUDGED_SEED: u64 = 1 << 40;
/// Pictures drawn at a time.
const BATCH: usize = 250;

/// The pictures of `count` seeds from `seed` on: what `export sample` and a device show for them,
/// but for quantising.
pub(super) fn draw(generator: &Generator, latent: usize, seed: u64, count: usize) -> Vec<Picture> {
    let device = generator.layers[0].conv.weight.val().device();
    let mut pictures = Vec::with_capacity(count);
    for begin in (0..count).step_by(BATCH) {
        let indices = begin..(begin + BATCH).min(count);
        let n = indices.len();
        let shown = |i| latents::shown(seed, i, Distribution::Normal, latent);
        let z: Vec<f32> = indices.flat_map(shown).collect();
        let drawn = generator.forward(Tensor::from_data(TensorData::new(z, [n, latent]), &device));
        let [_, channels, height, width] = drawn.dims();
        let pixel = |y: &f32| PixelRule::SIGNED.pixel(f64::from(*y));
        let drawn = values(drawn);
        let planes = drawn.chunks_exact(channels * height * width);
        pictures.extend(planes.map(|values| Picture {
            channels,
            height,
            width,
            pixels: values.iter().map(pixel).collect(),
        }));
    }
    pictures
}
