//! Draws pictures of a generator in training.

use std::ops::Range;

use export::latent;
use export::picture::Planes;
use export::picture::pixel_rule::PixelRule;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;

use crate::generator::Generator;
use crate::values::values;

/// Seed of the first picture that is judged. Every generator is judged on the same latents.
pub const JUDGED_SEED: u64 = 1 << 40;
/// Pictures drawn at a time.
const BATCH: usize = 250;

/// Concatenated latents for `indices`, counted from `seed`: the ones that a device shows for these seeds.
pub(super) fn latents(generator: &Generator, seed: u64, indices: Range<usize>) -> Vec<f32> {
    let parts = [latent::part("z", generator.latent(), Distribution::Normal)];
    let latent = DraftPart::latent(&parts);
    indices.flat_map(|i| latent::shown(seed, i, &latent)).collect()
}

/// Pictures of `count` seeds from `seed` on: those of `export sample` and of a device, except for
/// quantisation.
pub(super) fn draw(generator: &Generator, seed: u64, count: usize) -> Vec<Planes> {
    let mut pictures = Vec::with_capacity(count);
    for begin in (0..count).step_by(BATCH) {
        let indices = begin..(begin + BATCH).min(count);
        let drawn = generator.draw(latents(generator, seed, indices));
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
