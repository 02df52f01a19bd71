//! Synchronous serial interface (chapter 14): SSI0, an Arm PL022, as a bus with a single write-only device.

use core::convert::Infallible;

use embedded_hal::spi::{ErrorType, Operation, SpiDevice};

use super::Register;

const CONTROL_0: Register = Register(0x4000_8000);
const CONTROL_1: Register = Register(0x4000_8004);
const DATA: Register = Register(0x4000_8008);
const STATUS: Register = Register(0x4000_800C);
const PRESCALE: Register = Register(0x4000_8010);
const NOT_FULL: u32 = 1 << 1;
const RECEIVED: u32 = 1 << 2;
const BUSY: u32 = 1 << 4;

/// SSI0 with one write-only device; the hardware drives its chip select.
pub(crate) struct Ssi0;

impl Ssi0 {
    /// Starts SSI0 at 3.6 MHz in mode 3: the clock idles high, and data are sampled on its rising edge.
    pub(crate) fn new() -> Self {
        PRESCALE.write(14);
        CONTROL_0.write(0b11 << 6 | 7); // mode 3, 8 bits
        CONTROL_1.write(1 << 1); // enabled
        Self
    }
}

impl ErrorType for Ssi0 {
    type Error = Infallible;
}

impl SpiDevice for Ssi0 {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            match operation {
                Operation::Write(bytes) => bytes.iter().for_each(|&byte| send(byte)),
                // A driver of a write-only device neither reads nor waits.
                _ => unreachable!("the device on SSI0 is write-only"),
            }
        }
        // Wait until all is sent: the data/command pin may change next.
        while STATUS.read() & BUSY != 0 {}
        Ok(())
    }
}

fn send(byte: u8) {
    while STATUS.read() & NOT_FULL == 0 {}
    DATA.write(byte.into());
    // Each byte sent also receives one: discard it.
    while STATUS.read() & RECEIVED != 0 {
        DATA.read();
    }
}
