//! A generator on any embedded-graphics display, in firmware without a heap.
#![no_std]

use embedded_graphics_core::{draw_target::DrawTarget, geometry::Point};
use gen_core::{Engine, Model, latent, pixel::Shade, working_memory};

/// What `export quantize` wrote. Stays in flash; nothing of it is copied.
static FILE: &[u8] = include_bytes!("../tests/fixture/tiny.gen");

/// Draws the face of `seed`, row by row, every pixel 4×4.
pub fn draw<D>(display: &mut D, seed: u64) -> Result<(), D::Error>
where
    D: DrawTarget<Color: Shade>,
{
    let mut memory = [0; working_memory(FILE).expect("a .gen file")];
    let model = Model::parse(FILE).expect("it was checked when it was built in");
    let mut engine = Engine::new(model, &mut memory).expect("as large as the file asks");
    let input = engine.model().latent();
    let (mut z, mut steps) = ([0.0; 8], [0; 8]);
    latent::sample(seed, input.distribution, &mut z);
    latent::quantize(&z, input.scale, &mut steps);
    let picture = engine.draw(&steps).expect("quantised latents are in range");
    picture.draw(display, Point::zero(), 4)
}
