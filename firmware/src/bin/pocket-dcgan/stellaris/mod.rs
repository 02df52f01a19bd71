//! The peripherals of a Stellaris that the board needs. No crate exists for this chip.
//!
//! Chapters and sections are those of the LM3S6965's data sheet.

// Registers are accessed through raw addresses.
#![allow(unsafe_code)]

pub(super) mod clock;
pub(super) mod gpio;
pub(super) mod ssi;

/// A register of the chip.
#[derive(Clone, Copy)]
pub(super) struct Register(u32);

impl Register {
    pub(super) fn read(self) -> u32 {
        // SAFETY: every `Register` is one of the chip's. Reading it has no side effect on Rust's memory, and
        // interrupts do not use these registers.
        unsafe { (self.0 as *const u32).read_volatile() }
    }

    pub(super) fn write(self, value: u32) {
        // SAFETY: as for reading; none of these registers starts a write to memory.
        unsafe { (self.0 as *mut u32).write_volatile(value) }
    }

    fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }

    fn clear(self, bits: u32) {
        self.write(self.read() & !bits);
    }
}
