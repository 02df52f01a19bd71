//! The program that counts instructions, with a latent but without the model and its drawing: what that
//! program has more of flash than this one is what gen-core takes to read a model and to draw.
#![no_std]
#![no_main]
// As the other program.
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

/// A picture of which nothing is known.
struct Blank;

impl Drawing for Blank {
    fn step(&mut self) -> Option<usize> {
        black_box(None)
    }

    fn next_row(&mut self) -> Option<&[u8]> {
        black_box(None)
    }
}

/// As in the other program: what a cell says when it fails names a place of the build's machine.
static MEMORY: ConstStaticCell<[u8; 1]> = ConstStaticCell::new([0]);

#[entry]
fn main() -> ! {
    let clock = Clock::start();
    let memory = black_box(MEMORY.take());
    let file = psram::file();
    let mut steps = [0; 8];
    let len = black_box(steps.len());
    let steps = &mut steps[..len];
    let part = Part { name: "", len, distribution: Distribution::Normal, scale: 1.0 };
    measure::latent(&black_box(Latent::new([part])), steps);
    // Copied, so that what copies is here: no program is without it.
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
