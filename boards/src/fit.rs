//! Computes whether a model fits a board's memory, from the model's file alone, before anything is built.

use core::fmt;

use gen_core::Model;

use crate::Memory;

/// RAM in bytes that is neither working memory nor proportional to the latent: stack, the model's table, the
/// display driver's buffer. `cargo test -p pocket-tests --features qemu --test screen memory -- --nocapture` prints
/// the use on the emulated boards, and fails if it exceeds this.
const RESERVED: usize = 16 * 1024;

/// Bytes of RAM per element of the latent: three `f32` (the two ends of a walk and the point between) and an
/// `i16`, twice, since the application is moved when it is created.
const LATENT_ELEMENT: usize = 28;

/// Flash in bytes reserved for everything but the model. The same test measures it.
pub const CODE: usize = 90 * 1024;

/// The memory that a model takes and the memory available, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Size of the model's file.
    pub flash: usize,
    /// Flash that the memory map gives a program.
    pub flash_total: usize,
    /// Working memory of the engine.
    pub ram: usize,
    /// RAM reserved for everything else, the application's latents included.
    pub ram_reserved: usize,
    /// RAM of the board.
    pub ram_total: usize,
}

impl Fit {
    /// Compares the needs of `model`, whose file has `file` bytes, with `memory`.
    pub fn new(model: &Model<'_>, file: usize, memory: Memory) -> Self {
        Self {
            flash: file,
            flash_total: memory.flash,
            ram: model.working_memory(),
            ram_reserved: RESERVED + model.latent().len() * LATENT_ELEMENT,
            ram_total: memory.ram,
        }
    }

    /// Flash available for a model.
    pub fn flash_room(&self) -> usize {
        self.flash_total.saturating_sub(CODE)
    }

    /// RAM available for working memory.
    pub fn ram_room(&self) -> usize {
        self.ram_total.saturating_sub(self.ram_reserved)
    }

    /// Whether flash and RAM suffice for the model.
    pub fn fits(&self) -> bool {
        self.flash <= self.flash_room() && self.ram <= self.ram_room()
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (flash, ram) = (self.flash_room(), self.ram_room());
        write!(f, "{} of {flash} bytes of flash, {} of {ram} bytes of RAM", self.flash, self.ram)
    }
}

#[cfg(test)]
mod tests {
    use super::{CODE, Fit};

    #[test]
    fn one_byte_decides() {
        let fit =
            Fit { flash: 100, flash_total: CODE + 100, ram: 7, ram_reserved: 3, ram_total: 10 };
        assert!(fit.fits());
        assert!(!Fit { flash: 101, ..fit }.fits());
        assert!(!Fit { ram: 8, ..fit }.fits());
        assert_eq!(fit.to_string(), "100 of 100 bytes of flash, 7 of 7 bytes of RAM");
    }
}
