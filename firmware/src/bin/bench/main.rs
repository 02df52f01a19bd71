//! Counts the instructions of a picture, layer by layer, and measures its stack.
//!
//! Runs on an emulator that makes each instruction take 1 ns and puts a model into PSRAM. The program is the
//! same for every model, so its code and its layout are too.
#![no_std]
#![no_main]
// Registers and PSRAM are read, and the stack is painted.
#![allow(unsafe_code)]

mod clock;
mod measure;
mod processor;
mod psram;
mod stack;
#[path = "../support/mod.rs"]
mod support;

use clock::Clock;
use gen_core::{Engine, Model};
use static_cell::ConstStaticCell;
use support::entry;

/// Enough for every measured model, in bytes.
const WORKING_MEMORY: usize = 256 << 10;
const LATENT: usize = 256;

static MEMORY: ConstStaticCell<[u8; WORKING_MEMORY]> = ConstStaticCell::new([0; WORKING_MEMORY]);

#[entry]
fn main() -> ! {
    let clock = Clock::start();
    // No errors are formatted: their text would be counted as code that draws.
    let Ok(model) = Model::parse(psram::file()) else { panic!("no .gen file in PSRAM") };
    let Ok(mut engine) = Engine::new(model, MEMORY.take()) else { panic!("too large a model") };

    let mut steps = [0; LATENT];
    let latent = engine.model().latent();
    let steps = &mut steps[..latent.len()];
    measure::latent(latent, steps);

    let Ok(mut picture) = engine.draw(steps) else { panic!("not quantised") };
    let layers = measure::layers(&mut picture);
    let (mut ticks, mut crc) = (0, 0);
    let stack = stack::used(|| {
        if let Ok(mut picture) = engine.draw(steps) {
            (ticks, crc) = measure::rows(&mut picture);
        }
    });

    for (layer, ticks) in engine.model().layers().iter().zip(layers) {
        measure::log_layer(clock.instructions(ticks), layer.useful_macs());
    }
    measure::log_picture(clock.instructions(ticks), crc, stack, engine.model().working_memory());
    support::exit(0)
}
