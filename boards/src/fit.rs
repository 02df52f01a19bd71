//! Whether a model fits the memory of a board: known from the model's file alone, before anything is built.

use core::fmt;

use gen_core::Model;

use crate::Memory;

/// RAM that is neither working memory nor grows with the latent: stack, the model's table, what a
/// display driver remembers. 12,545 bytes on lm3s6965evb. `tests/tests/screen.rs` measures it on
/// the emulated boards and fails if it is more.
const RESERVED: usize = 16 * 1024;

/// Bytes for each element of the latent: three `f32`, the ends of a walk and between, and an `i16`,
/// twice, since the application is moved when it is made. Measured as above, latents of 100 to 1000
/// elements: 26.
const LATENT_ELEMENT: usize = 28;

/// Flash that is not the model: 88,260 bytes on the Pico, measured by the same test.
pub const CODE: usize = 90 * 1024;

/// The memory that a model takes, and the memory that there is. Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The model's file.
    pub flash: usize,
    /// All flash that the memory map gives a program.
    pub flash_total: usize,
    /// The engine's working memory.
    pub ram: usize,
    /// Kept for everything else, the application's latents among it.
    pub ram_reserved: usize,
    /// All RAM.
    pub ram_total: usize,
}

impl Fit {
    /// Compares `model`, whose file has `file` bytes, with the memory of a program.
    pub fn new(model: &Model<'_>, file: usize, memory: Memory) -> Self {
        Self {
            flash: file,
            flash_total: memory.flash,
            ram: model.working_memory(),
            ram_reserved: RESERVED + model.latent().len() * LATENT_ELEMENT,
            ram_total: memory.ram,
        }
    }

    /// Flash that a model may take.
    pub fn flash_room(&self) -> usize {
        self.flash_total.saturating_sub(CODE)
    }

    /// RAM that working memory may take.
    pub fn ram_room(&self) -> usize {
        self.ram_total.saturating_sub(self.ram_reserved)
    }

    /// Whether there is room for the model.
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
