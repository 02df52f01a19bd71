//! Registers.

// They are memory that only the chip gives a meaning.
#![allow(unsafe_code)]

/// A register of the chip.
#[derive(Clone, Copy)]
pub(super) struct Register(pub(super) u32);

impl Register {
    pub(super) fn read(self) -> u32 {
        // SAFETY: every `Register` of this board is one of the chip's, readable without side effects
        // that Rust could see; interrupts touch none of them.
        unsafe { (self.0 as *const u32).read_volatile() }
    }

    pub(super) fn write(self, value: u32) {
        // SAFETY: as above; none of these registers makes the chip write to memory by itself.
        unsafe { (self.0 as *mut u32).write_volatile(value) }
    }

    pub(super) fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }

    pub(super) fn clear(self, bits: u32) {
        self.write(self.read() & !bits);
    }
}
