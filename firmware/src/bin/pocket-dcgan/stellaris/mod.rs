//! What the boards need of a Stellaris, a chip for which there is no crate.
//!
//! Chapters and sections are those of the LM3S6965's data sheet.

// Registers are memory that only the chip gives a meaning.
#![allow(unsafe_code)]

pub(super) mod clock;
pub(super) mod gpio;
pub(super) mod ssi;

/// A register of the chip.
#[derive(Clone, Copy)]
pub(super) struct Register(u32);

impl Register {
    pub(super) fn read(self) -> u32 {
        // SAFETY: every `Register` is one of the chip's, readable without side effects that Rust
        // could see; interrupts touch none of them.
        unsafe { (self.0 as *const u32).read_volatile() }
    }

    pub(super) fn write(self, value: u32) {
        // SAFETY: as above; none of these registers makes the chip write to memory by itself.
        unsafe { (self.0 as *mut u32).write_volatile(value) }
    }

    fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }

    fn clear(self, bits: u32) {
        self.write(self.read() & !bits);
    }
}
