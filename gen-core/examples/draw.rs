//! A generator on any embedded-graphics display, in firmware without a heap.
#![no_std]

use embedded_graphics_core::{draw_target::DrawTarget, geometry::Point};
use gen_core::{Engine, Model, pixel::Shade};

/// What `export quantize` wrote. Stays in flash; nothing of it is copied.
static FILE: &[u8] = include_bytes!("../tests/fixture/tiny.gen");
const MEMORY: usize = gen_core::working_memory(FILE).expect("a .gen file");
const LATENT: usize = gen_core::latent_len(FILE).expect("a .gen file");

/// Draws the face of `seed`, row by row, every pixel 4×4.
pub fn draw<D>(display: &mut D, seed: u64) -> Result<(), D::Error>
where
    D: DrawTarget<Color: Shade>,
{
    let mut memory = [0; MEMORY];
    let model = Model::parse(FILE).expect("nobody damaged the flash");
    let mut engine = Engine::new(model, &mut memory).expect("as large as the file asks");
    let latent = engine.model().latent();
    let (mut z, mut quantized) = ([0.0; LATENT], [0; LATENT]);
    latent.sample(seed, &mut z);
    latent.quantize(&z, &mut quantized);
    let picture = engine.draw(&quantized).expect("of the model's length, quantised");
    picture.draw(display, Point::zero(), 4)
}
