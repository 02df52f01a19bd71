//! Synchronous serial (chapter 14): SSI0, an Arm PL022, as a bus with one listener.

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

/// SSI0, which moves its own chip select, to somebody who only listens.
pub(crate) struct Listener;

impl Listener {
    /// Starts SSI0 at 3.6 MHz: the clock idles high, and data are taken as it rises again.
    pub(crate) fn new() -> Self {
        PRESCALE.write(14);
        CONTROL_0.write(0b11 << 6 | 7); // mode 3, 8 bits
        CONTROL_1.write(1 << 1); // on
        Self
    }
}

impl ErrorType for Listener {
    type Error = Infallible;
}

impl SpiDevice for Listener {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            match operation {
                Operation::Write(bytes) => bytes.iter().for_each(|&byte| send(byte)),
                // A listener's driver has nothing to read, nor to wait for.
                Operation::Read(_)
                | Operation::Transfer(..)
                | Operation::TransferInPlace(_)
                | Operation::DelayNs(_) => unreachable!("SSI0 has somebody who only listens"),
            }
        }
        // A pin that tells commands from data may move next.
        while STATUS.read() & BUSY != 0 {}
        Ok(())
    }
}

fn send(byte: u8) {
    while STATUS.read() & NOT_FULL == 0 {}
    DATA.write(byte.into());
    // Every byte sent is one received.
    while STATUS.read() & RECEIVED != 0 {
        DATA.read();
    }
}
