//! Logs checksums of latents, of interpolated latents and of pictures, to compare a chip with the desktop.
//!
//! Needs no screen. Logs a line per seed, then ends the emulation.
#![no_std]
#![no_main]

#[path = "../support/mod.rs"]
mod support;

use crc::{CRC_32_ISO_HDLC, Crc, Digest};
use firmware::built_in::{LATENT, MODEL, WORKING_MEMORY};
use gen_core::{Engine, Model, latent};
use static_cell::ConstStaticCell;
use support::entry;

static MEMORY: ConstStaticCell<[u8; WORKING_MEMORY]> = ConstStaticCell::new([0; WORKING_MEMORY]);

/// The CRC-32 of zlib and PNG.
static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

const SEEDS: [u64; 8] = [0, 1, 2, 3, 42, 12345, u32::MAX as u64 + 1, u64::MAX];

#[entry]
fn main() -> ! {
    let model = Model::parse(MODEL).expect("build.rs checked the model");
    let input = model.latent().clone();
    let mut engine = Engine::new(model, MEMORY.take()).expect("sized for the model");
    let [mut from, mut to, mut between] = [[0.0; LATENT]; 3];
    let mut steps = [0; LATENT];
    for seed in SEEDS {
        for (seed, latent) in [(seed, &mut from), (seed.wrapping_add(1), &mut to)] {
            input.sample(seed, latent).expect("LATENT elements");
        }
        input.walk(&from, &to, latent::ease(0.3), &mut between).expect("LATENT elements");
        // The seed's own latent comes last because `steps` then still holds it for drawing.
        let [walk, latent] = [&between, &from].map(|values| {
            input.quantize(values, &mut steps).expect("LATENT elements");
            checksum(|digest| steps.iter().for_each(|q| digest.update(&q.to_le_bytes())))
        });

        let mut rows = engine.draw(&steps).expect("a quantised latent");
        let picture = checksum(|digest| {
            while let Some(row) = rows.next_row() {
                digest.update(row);
            }
        });
        defmt::info!(
            "Digest {{ seed: {}, latent: {:08x}, walk: {:08x}, picture: {:08x} }}",
            seed,
            latent,
            walk,
            picture
        );
    }
    support::exit(0)
}

fn checksum(feed: impl FnOnce(&mut Digest<'_, u32>)) -> u32 {
    let mut digest = CRC.digest();
    feed(&mut digest);
    digest.finalize()
}
