//! Draws pictures of a generator in training.

use std::ops::Range;

use export::latent;
use export::picture::Planes;
use export::picture::pixel_rule::PixelRule;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;

use crate::generator::Generator;
use crate::network::Network;
use crate::values::values;

/// Seed of the first picture that is judged. Every generator is judged on the same noise.
pub const JUDGED_SEED: u64 = 1 << 40;
/// Pictures drawn at a time.
const BATCH: usize = 250;

/// Concatenated noise for `indices`, counted from `seed`: what a device draws for these seeds, before any class.
pub(super) fn noise(network: &Network, seed: u64, indices: Range<usize>) -> Vec<f32> {
    let parts = [latent::part("z", network.latent, Distribution::Normal)];
    let latent = DraftPart::latent(&parts);
    indices.flat_map(|i| latent::shown(seed, i, &latent)).collect()
}

/// Pictures of concatenated latents: those of `export sample` and of a device, except for quantisation.
pub(super) fn draw(generator: &Generator, latents: &[f32]) -> Vec<Planes> {
    let mut pictures = Vec::with_capacity(latents.len() / generator.inputs());
    for latents in latents.chunks(BATCH * generator.inputs()) {
        let drawn = generator.draw(latents.to_vec());
        let [_, height, width, channels] = drawn.dims();
        let pixel = |y: &f32| PixelRule::SIGNED.pixel(f64::from(*y));
        let drawn = values(drawn);
        let drawn = drawn.chunks_exact(channels * height * width);
        pictures.extend(drawn.map(|values| {
            let pixels: Vec<u8> = values.iter().map(pixel).collect();
            Planes::from_interleaved(channels, height, width, &pixels)
        }));
    }
    pictures
}
