//! Pins.

use super::register::Register;

/// A GPIO port, an Arm PL061 (chapter 9).
pub(super) struct Port(u32);

pub(super) const A: Port = Port(0x4000_4000);
pub(super) const C: Port = Port(0x4000_6000);
pub(super) const D: Port = Port(0x4000_7000);
pub(super) const E: Port = Port(0x4002_4000);
pub(super) const F: Port = Port(0x4002_5000);

impl Port {
    fn register(&self, offset: u32) -> Register {
        Register(self.0 + offset)
    }

    /// The data register, of which the address selects the pins: others are neither read nor
    /// written.
    pub(super) fn pins(&self, mask: u32) -> Register {
        self.register(mask << 2)
    }

    pub(super) fn outputs(&self, mask: u32, level: u32) {
        self.register(0x400).set(mask); // direction
        self.register(0x51C).set(mask); // digital enable
        self.pins(mask).write(level);
    }

    pub(super) fn peripheral(&self, mask: u32) {
        self.register(0x420).set(mask); // alternate function
        self.register(0x51C).set(mask); // digital enable
    }

    /// Buttons to ground. The port itself remembers falling edges, so that a press is not lost
    /// while a picture is drawn.
    pub(super) fn buttons(&self, mask: u32) {
        self.register(0x510).set(mask); // pull-up
        self.register(0x51C).set(mask); // digital enable
        self.register(0x404).clear(mask); // edges, not levels …
        self.register(0x408).clear(mask); // … one of the two …
        self.register(0x40C).clear(mask); // … the falling one
        self.register(0x41C).write(mask); // forget what came before
    }

    /// Falling edges since the last call.
    pub(super) fn fallen(&self, mask: u32) -> u32 {
        let fallen = self.register(0x414).read() & mask; // raw interrupt status
        self.register(0x41C).write(fallen);
        fallen
    }
}
