//! The `bench` program without the model and its drawing, but with a latent. The flash that `bench` takes
//! beyond this program is what gen-core needs to read a model and to draw.
#![no_std]
#![no_main]
// The same as in `bench`.
#![allow(unsafe_code)]

mod clock;
mod measure;
mod processor;
mod psram;
mod stack;
#[path = "../support/mod.rs"]
mod support;

use core::hint::black_box;

use clock::Clock;
use gen_core::latent::{Distribution, Latent, Part};
use measure::Drawing;
use static_cell::ConstStaticCell;
use support::entry;

/// Takes the place of a picture, and hides from the compiler that there is none.
struct Blank;

impl Drawing for Blank {
    fn step(&mut self) -> Option<usize> {
        black_box(None)
    }

    fn next_row(&mut self) -> Option<&[u8]> {
        black_box(None)
    }
}

/// As in `bench`: the panic message of a static cell contains a path of the build machine, so both programs
/// need one.
static MEMORY: ConstStaticCell<[u8; 1]> = ConstStaticCell::new([0]);

#[entry]
fn main() -> ! {
    let clock = Clock::start();
    let memory = black_box(MEMORY.take());
    let file = psram::file();
    let mut steps = [0; 8];
    let len = black_box(steps.len());
    let steps = &mut steps[..len];
    let distribution = Distribution::Normal;
    let part = Part { name: "", len, distribution, scale: 1.0, normalized: false };
    measure::latent(&black_box(Latent::new([part])), steps);
    // A copy, so that this program has the code for copying too: every program has it.
    let mut copy = [0; 8];
    copy[..len].copy_from_slice(steps);
    black_box(copy);
    let layers = measure::layers(&mut Blank);
    let (mut ticks, mut crc) = (0, 0);
    let stack = stack::used(|| (ticks, crc) = measure::rows(&mut Blank));
    for ticks in layers {
        measure::log_layer(clock.instructions(ticks), file.len() as u64);
    }
    measure::log_picture(clock.instructions(ticks), crc, stack, memory.len());
    support::exit(0)
}
