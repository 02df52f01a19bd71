//! Draws pictures of a generator in training.

use std::ops::Range;

use export::latent;
use export::picture::Planes;
use export::picture::pixel_rule::PixelRule;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;

use crate::condition;
use crate::generator::Generator;
use crate::network::Network;
use crate::values::values;

/// Seed of the first picture that is judged. Every generator is judged on the same latents.
pub const JUDGED_SEED: u64 = 1 << 40;
/// Pictures in a row of a sheet.
pub(super) const COLUMNS: usize = 8;
/// Labels on a sheet, at most.
const ROWS: usize = 16;
/// Pictures drawn at a time.
const BATCH: usize = 250;

/// Concatenated latents of `network` for `indices`, counted from `seed`: the ones that a device shows for these seeds.
pub(super) fn latents(network: &Network, seed: u64, indices: Range<usize>) -> Vec<f32> {
    let mut parts = vec![latent::part("z", network.latent, Distribution::Normal)];
    if network.labels > 0 {
        parts.push(latent::part("label", network.labels, Distribution::OneHot));
    }
    let latent = DraftPart::latent(&parts);
    indices.flat_map(|i| latent::shown(seed, i, &latent)).collect()
}

/// Pictures of `count` seeds from `seed` on: those of `export sample` and of a device, except for
/// quantisation.
pub(super) fn draw(
    generator: &Generator,
    network: &Network,
    seed: u64,
    count: usize,
) -> Vec<Planes> {
    let of = |indices| latents(network, seed, indices);
    draw_latents(generator, count, of)
}

/// Pictures of a conditional network: a row for each of its first labels, whose columns share their noise.
pub(super) fn draw_labels(generator: &Generator, network: &Network, seed: u64) -> Vec<Planes> {
    let of_noise = Network { labels: 0, ..*network };
    let of = |indices: Range<usize>| {
        let noise = indices.clone().flat_map(|it| {
            let column = it % COLUMNS;
            latents(&of_noise, seed, column..column + 1)
        });
        let labels: Vec<usize> = indices.map(|it| it / COLUMNS).collect();
        condition::latents(noise.collect(), &labels, network.labels)
    };
    draw_latents(generator, COLUMNS * network.labels.min(ROWS), of)
}

/// The pictures of `count` latents, those of a range at a time.
fn draw_latents(
    generator: &Generator,
    count: usize,
    latents: impl Fn(Range<usize>) -> Vec<f32>,
) -> Vec<Planes> {
    let mut pictures = Vec::with_capacity(count);
    for begin in (0..count).step_by(BATCH) {
        let indices = begin..(begin + BATCH).min(count);
        let drawn = generator.draw(latents(indices));
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
