//! The program that counts instructions, without the model and its drawing: what that program has
//! more of flash than this one is what gen-core takes.
#![no_std]
#![no_main]
// As the other program.
#![allow(unsafe_code)]

mod clock;
mod measure;
mod psram;
mod stack;
#[path = "../support/mod.rs"]
mod support;

use core::hint::black_box;

use clock::Clock;
use cortex_m::Peripherals;
use cortex_m_rt::entry;
use measure::Drawing;

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

#[entry]
fn main() -> ! {
    let clock = Clock::start(Peripherals::take().expect("nobody else has taken them").SYST);
    let file = psram::file();
    let layers = measure::layers(&mut Blank);
    let (mut ticks, mut crc) = (0, 0);
    let stack = stack::used(|| (ticks, crc) = measure::rows(&mut Blank));
    for index in 0..black_box(1) {
        let instructions = clock.instructions(layers[index]);
        defmt::info!(
            "Layer {{ index: {}, instructions: {}, useful_macs: {} }}",
            index,
            instructions,
            black_box(0_u64)
        );
    }
    defmt::info!(
        "Picture {{ instructions: {}, crc: {:08x}, stack: {}, working_memory: {} }}",
        clock.instructions(ticks),
        crc,
        stack,
        file.len()
    );
    support::exit(0)
}
