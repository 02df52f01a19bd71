//! The study of weights in an order made for Arm's vectors, in docs/studies.md: a loop of it gives the
//! sums of plain Rust, and how many instructions it takes is counted.
//!
//! For an emulator that makes each instruction take 1 ns.
#![no_std]
#![no_main]
// SysTick is started, the loop is assembly.
#![allow(unsafe_code)]

#[path = "../bench/clock.rs"]
mod clock;
#[path = "../bench/processor/mod.rs"]
#[allow(dead_code, reason = "the stack is not measured here")]
mod processor;
#[path = "../support/mod.rs"]
mod support;
mod tile;

use clock::Clock;
use gen_core::latent::Random;
use support::entry;
use tile::{FEATURES, POSITIONS, Sums};

/// Most input channels, of all taps.
const CHANNELS: usize = 2048;

/// Times that a loop runs, so that a tick of the clock is little.
const TIMES: u32 = 1000;

#[entry]
fn main() -> ! {
    let clock = Clock::start();
    let mut random = Random::new(1);
    let mut instructions = [0; 2];
    // Whole vectors and not.
    for channels in [1, 15, 16, 17, 63, 250, 1024, CHANNELS] {
        let weights: [i8; FEATURES * CHANNELS] =
            core::array::from_fn(|_| (random.next_u32() % 255) as i8);
        let inputs: [i8; POSITIONS * CHANNELS] = core::array::from_fn(|_| random.next_u32() as i8);
        let (weights, inputs) = (&weights[..FEATURES * channels], &inputs[..POSITIONS * channels]);
        let zero_point = random.next_u32() as u8;

        let start = Clock::now();
        let mut sums = Sums::default();
        for _ in 0..TIMES {
            sums = tile::sums(inputs, weights, channels);
        }
        let taken = clock.instructions(Clock::ticks_since(start)) / u64::from(TIMES);
        instructions = [instructions[1], taken];
        tile::take_off(&mut sums, zero_point, weights, channels);
        assert!(sums == tile::plain(inputs, zero_point, weights, channels), "sums differ");
    }
    // What a call takes besides is in both.
    let products = FEATURES * POSITIONS * (CHANNELS - 1024);
    defmt::info!(
        "Vectors {{ products: {}, instructions: {} }}",
        products,
        instructions[1] - instructions[0]
    );
    support::exit(0)
}
