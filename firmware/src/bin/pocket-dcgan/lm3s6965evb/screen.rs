//! The wires to the screen: SSI0, an Arm PL022 (data sheet, chapter 14), and pin C7.

use core::convert::Infallible;

use embedded_hal::digital::{self, OutputPin};
use embedded_hal::spi::{self, Operation, SpiDevice};

use super::gpio::{A, C, D};
use super::register::Register;

const CONTROL_0: Register = Register(0x4000_8000);
const CONTROL_1: Register = Register(0x4000_8004);
const DATA: Register = Register(0x4000_8008);
const STATUS: Register = Register(0x4000_800C);
const PRESCALE: Register = Register(0x4000_8010);
const NOT_FULL: u32 = 1 << 1;
const RECEIVED: u32 = 1 << 2;
const BUSY: u32 = 1 << 4;

/// Readies pins and SSI0.
pub(super) fn connect() -> (Screen, DataCommand) {
    // Pin D0 high: the memory card on the same bus is not meant. C6 high: the screen has power.
    D.outputs(1, 1);
    C.outputs(0b11 << 6, 0b01 << 6);
    // Clock, select and data out.
    A.peripheral(1 << 2 | 1 << 3 | 1 << 5);
    // 50 MHz / 14 = 3.6 MHz, 8 bits, clock idles high and data are taken as it rises again.
    PRESCALE.write(14);
    CONTROL_0.write(0b11 << 6 | 7);
    CONTROL_1.write(1 << 1);
    (Screen, DataCommand)
}

/// SSI0 with its own chip select, to which only the screen listens.
pub(crate) struct Screen;

impl spi::ErrorType for Screen {
    type Error = Infallible;
}

impl SpiDevice for Screen {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            if let Operation::Write(bytes) = operation {
                bytes.iter().for_each(|&byte| send(byte));
            }
        }
        // The pin that tells pixels from commands moves next.
        while STATUS.read() & BUSY != 0 {}
        Ok(())
    }
}

fn send(byte: u8) {
    while STATUS.read() & NOT_FULL == 0 {}
    DATA.write(byte.into());
    // The screen says nothing, but every byte sent is one received.
    while STATUS.read() & RECEIVED != 0 {
        DATA.read();
    }
}

/// Pin C7: high for pixels.
pub(crate) struct DataCommand;

impl digital::ErrorType for DataCommand {
    type Error = Infallible;
}

impl OutputPin for DataCommand {
    fn set_low(&mut self) -> Result<(), Infallible> {
        C.pins(1 << 7).write(0);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        C.pins(1 << 7).write(1 << 7);
        Ok(())
    }
}
