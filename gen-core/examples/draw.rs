//! Draws a generator's pictures on any embedded-graphics display, in firmware without a heap.
#![no_std]

use embedded_graphics_core::{draw_target::DrawTarget, geometry::Point};
use gen_core::{Engine, Model, pixel::Shade};

/// Written by `export quantize`. Stays in flash; nothing of it is copied.
static FILE: &[u8] = include_bytes!("../tests/fixture/tiny.gen");
const MEMORY: usize = gen_core::working_memory(FILE).expect("a .gen file");
const LATENT: usize = gen_core::latent_len(FILE).expect("a .gen file");

/// Draws the pictures of seeds 0 to `count` − 1, row by row, every pixel 4×4.
///
/// # Errors
///
/// The display's own.
pub fn draw<D: DrawTarget<Color: Shade>>(display: &mut D, count: u64) -> Result<(), D::Error> {
    let (mut memory, mut latent) = ([0; MEMORY], [0; LATENT]);
    let model = Model::parse(FILE).expect("the file is intact"); // once: it reads all of the file
    let mut engine = Engine::new(model, &mut memory).expect("MEMORY is the model's");
    for seed in 0..count {
        engine.model().latent().sample_quantized(seed, &mut latent).expect("LATENT is the model's");
        engine.draw(&latent).expect("a latent of this model").draw(display, Point::zero(), 4)?;
    }
    Ok(())
}
