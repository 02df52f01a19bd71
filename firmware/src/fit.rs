//! Whether a model and a board's memory fit each other.
//!
//! Known from the model's file and the board's memory map alone, before anything is built:
//! `build.rs` includes this file too.

use core::fmt;

use gen_core::Model;

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

/// What a model takes of a board's memory, and what there is. Bytes.
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
    /// Compares a model with a memory map, the text of a linker script that gives the regions
    /// `FLASH` and `RAM` each a `LENGTH`. `None` if it does not.
    pub fn new(model: &Model<'_>, file: usize, map: &str) -> Option<Self> {
        Some(Self::within(model, file, length(map, "FLASH")?, length(map, "RAM")?))
    }

    /// Compares a model with so many bytes of flash and RAM.
    pub fn within(model: &Model<'_>, file: usize, flash_total: usize, ram_total: usize) -> Self {
        Self {
            flash: file,
            flash_total,
            ram: model.working_memory(),
            ram_reserved: RESERVED + model.latent().len() * LATENT_ELEMENT,
            ram_total,
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

/// The LENGTH of a region in a memory map, in bytes.
pub fn length(map: &str, region: &str) -> Option<usize> {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let named = |line: &&str| {
        let rest = line.trim_start().strip_prefix(region);
        rest.is_some_and(|rest| !rest.starts_with(word))
    };
    let line = map.lines().find(named)?;
    let (_, sum) = line.split_once("LENGTH")?;
    let sum = sum.trim_start().strip_prefix('=')?;
    // The terms of a difference: flash often begins with something that is not the program's.
    let mut terms = sum.split('-').map(|term| number(term.trim()));
    let first = terms.next()??;
    terms.try_fold(first, |left, term| left.checked_sub(term?))
}

/// A number as linker scripts have it: 256, 0x100, 64K, 2M.
fn number(text: &str) -> Option<usize> {
    if let Some(digits) = text.strip_prefix("0x") {
        return usize::from_str_radix(digits, 16).ok();
    }
    let (digits, unit) = match text.strip_suffix(['K', 'M']) {
        Some(digits) if text.ends_with('K') => (digits, 1024),
        Some(digits) => (digits, 1024 * 1024),
        None => (text, 1),
    };
    digits.parse::<usize>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::{Fit, length};

    #[test]
    fn lengths_are_read_as_a_linker_reads_them() {
        let map = "MEMORY {\n BOOT2 : ORIGIN = 0x10000000, LENGTH = 0x100\n  \
                   FLASH : ORIGIN = 0x10000100, LENGTH = 2048K - 0x100\n  \
                   RAM(rwx):ORIGIN=0x20000000,LENGTH=1M\n RAMPART : LENGTH = 7\n}";
        assert_eq!(length(map, "FLASH"), Some(2048 * 1024 - 256));
        assert_eq!(length(map, "BOOT2"), Some(256));
        assert_eq!(length(map, "RAM"), Some(1024 * 1024));
        assert_eq!(length(map, "RAMPART"), Some(7));
        assert_eq!(length(map, "SRAM"), None);
        assert_eq!(length("FLASH : LENGTH = 1K - 2K", "FLASH"), None);
        assert_eq!(length("FLASH : LENGTH = ORIGIN(RAM)", "FLASH"), None);
    }

    #[test]
    fn one_byte_decides() {
        let fit = Fit {
            flash: 100,
            flash_total: super::CODE + 100,
            ram: 7,
            ram_reserved: 3,
            ram_total: 10,
        };
        assert!(fit.fits());
        assert!(!Fit { flash: 101, ..fit }.fits());
        assert!(!Fit { ram: 8, ..fit }.fits());
        assert_eq!(fit.to_string(), "100 of 100 bytes of flash, 7 of 7 bytes of RAM");
    }
}
