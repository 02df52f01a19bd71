//! GPIO ports (chapter 9).

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, OutputPin};

use super::Register;

/// A GPIO port, an Arm PL061. A mask has a bit per pin.
pub(crate) struct Port(u32);

pub(crate) const A: Port = Port(0x4000_4000);
pub(crate) const C: Port = Port(0x4000_6000);
pub(crate) const D: Port = Port(0x4000_7000);
pub(crate) const E: Port = Port(0x4002_4000);
pub(crate) const F: Port = Port(0x4002_5000);

impl Port {
    fn register(&self, offset: u32) -> Register {
        Register(self.0 + offset)
    }

    /// The data register for some pins: the address contains the mask, and other pins are neither read nor
    /// written.
    fn pins(&self, mask: u32) -> Register {
        self.register(mask << 2)
    }

    pub(crate) fn read(&self, mask: u32) -> u32 {
        self.pins(mask).read()
    }

    /// Makes pins outputs, initially low.
    pub(crate) fn output(&self, mask: u32) -> Output {
        self.register(0x400).set(mask); // direction
        self.register(0x51C).set(mask); // digital enable
        let mut output = Output { pins: self.pins(mask), mask };
        output.write(false);
        output
    }

    /// Assigns pins to a peripheral.
    pub(crate) fn peripheral(&self, mask: u32) {
        self.register(0x420).set(mask); // alternate function
        self.register(0x51C).set(mask); // digital enable
    }

    /// Makes pins inputs with pull-ups, for buttons that connect them to ground.
    pub(crate) fn buttons(&self, mask: u32) {
        self.register(0x510).set(mask); // pull-up
        self.register(0x51C).set(mask); // digital enable
    }
}

/// Output pins that change together.
pub(crate) struct Output {
    pins: Register,
    mask: u32,
}

impl Output {
    pub(crate) fn write(&mut self, high: bool) {
        self.pins.write(if high { self.mask } else { 0 });
    }
}

impl ErrorType for Output {
    type Error = Infallible;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.write(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.write(true);
        Ok(())
    }
}
