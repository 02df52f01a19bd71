//! Measures the drawing of a picture.

use crc::{CRC_32_ISO_HDLC, Crc};
use gen_core::latent::Latent;
use gen_core::{MAX_LAYERS, Picture};

use crate::clock::Clock;

/// The CRC-32 of zlib and PNG.
static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

const SEED: u64 = 1;

/// Samples and quantises the latent of seed 1 into `steps`. Never inlined, so that it is the same code in
/// every program.
#[inline(never)]
pub fn latent(latent: &Latent<'_>, steps: &mut [i16]) {
    let sampled = latent.sample_quantized(SEED, steps);
    assert!(sampled.is_ok(), "steps have another length than the latent");
}

/// A picture being drawn, or a stand-in that draws nothing, to measure the size of the rest of the program.
pub trait Drawing {
    /// Same as [`Picture::step`].
    fn step(&mut self) -> Option<usize>;
    /// Same as [`Picture::next_row`].
    fn next_row(&mut self) -> Option<&[u8]>;
}

impl Drawing for Picture<'_> {
    fn step(&mut self) -> Option<usize> {
        self.step()
    }

    fn next_row(&mut self) -> Option<&[u8]> {
        self.next_row()
    }
}

/// Draws step by step; returns the ticks of each layer, measuring overhead included. Never inlined, so that
/// the code around it does not change the ticks.
#[inline(never)]
pub fn layers(drawing: &mut dyn Drawing) -> [u32; MAX_LAYERS] {
    let mut ticks = [0; MAX_LAYERS];
    let mut start = Clock::now();
    while let Some(layer) = drawing.step() {
        ticks[layer] += Clock::ticks_since(start);
        start = Clock::now();
    }
    ticks
}

/// Draws row by row; returns the ticks of the whole picture and its checksum, whose computation is not
/// counted.
pub fn rows(drawing: &mut dyn Drawing) -> (u32, u32) {
    let mut ticks = 0;
    let mut digest = CRC.digest();
    loop {
        let start = Clock::now();
        let row = drawing.next_row();
        ticks += Clock::ticks_since(start);
        match row {
            Some(row) => digest.update(row),
            None => return (ticks, digest.finalize()),
        }
    }
}

/// Logs a layer. Call it in the order of the layers.
pub fn log_layer(instructions: u64, useful_macs: u64) {
    defmt::info!("Layer {{ instructions: {}, useful_macs: {} }}", instructions, useful_macs);
}

/// Logs the figures of the whole picture.
pub fn log_picture(instructions: u64, crc: u32, stack: usize, working_memory: usize) {
    defmt::info!(
        "Picture {{ instructions: {}, crc: {:08x}, stack: {}, working_memory: {} }}",
        instructions,
        crc,
        stack,
        working_memory
    );
}
