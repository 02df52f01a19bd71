//! A model of the panel: decodes what a driver sends into the panel's memory.
//!
//! Written from the datasheet, not from the driver. Panics on an unknown command, on a command cut short by
//! data, and on pixels before a window.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use embedded_hal::digital::{ErrorType as PinErrorType, OutputPin};
use embedded_hal::spi::{ErrorType as SpiErrorType, Operation, SpiDevice};

/// The controller, as seen from its wires.
#[derive(Default)]
pub struct Panel {
    data: bool,
    command: Vec<u8>,
    columns: (usize, usize),
    rows: (usize, usize),
    pointer: Option<(usize, usize)>,
    high_nibble_left: bool,
    /// 80 rows of 64 bytes; noise at power-on.
    memory: Vec<[u8; 64]>,
    /// Every command received, with its arguments.
    pub commands: Vec<Vec<u8>>,
    /// Number of bytes of pixels received.
    pub pixel_bytes: usize,
}

impl Panel {
    pub fn new() -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self { memory: vec![[0xA5; 64]; 80], ..Self::default() }))
    }

    /// The grey of a pixel, 0 to 15.
    pub fn grey(&self, x: usize, y: usize) -> u8 {
        let pair = self.memory[y][x / 2];
        if x.is_multiple_of(2) == self.high_nibble_left { pair >> 4 } else { pair & 0xF }
    }

    fn receive(&mut self, byte: u8) {
        if self.data {
            assert!(self.command.is_empty(), "command cut short: {:x?}", self.command);
            self.pixels(byte);
        } else {
            self.command.push(byte);
            if self.command.len() > arguments(self.command[0]) {
                self.obey();
            }
        }
    }

    fn obey(&mut self) {
        let command = std::mem::take(&mut self.command);
        match command[0] {
            0x15 => self.columns = (command[1].into(), command[2].into()),
            0x75 => self.rows = (command[1].into(), command[2].into()),
            0xA0 => self.high_nibble_left = command[1] & 1 << 1 != 0,
            _ => {}
        }
        if matches!(command[0], 0x15 | 0x75) {
            self.pointer = Some((self.columns.0, self.rows.0));
        }
        self.commands.push(command);
    }

    fn pixels(&mut self, byte: u8) {
        let (column, row) = self.pointer.expect("pixels before a window");
        self.pixel_bytes += 1;
        self.memory[row][column] = byte;
        self.pointer = Some(match (column == self.columns.1, row == self.rows.1) {
            (false, _) => (column + 1, row),
            (true, false) => (self.columns.0, row + 1),
            (true, true) => (self.columns.0, self.rows.0),
        });
    }
}

/// Number of arguments of a command.
fn arguments(command: u8) -> usize {
    match command {
        0x15 | 0x75 => 2,
        0x81 | 0xA0..=0xA2 | 0xA8 | 0xAD | 0xB1..=0xB3 | 0xBC | 0xBE | 0xBF => 1,
        0x84..=0x86 | 0xA4..=0xA7 | 0xAE | 0xAF | 0xE3 => 0,
        0xB8 => 8,
        other => panic!("the SSD0323 has no command 0x{other:02x}"),
    }
}

/// The panel's SPI port.
pub struct Port(pub Rc<RefCell<Panel>>);

impl SpiErrorType for Port {
    type Error = Infallible;
}

impl SpiDevice for Port {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            let Operation::Write(bytes) = operation else {
                panic!("the SSD0323 cannot be read over SPI");
            };
            bytes.iter().for_each(|&byte| self.0.borrow_mut().receive(byte));
        }
        Ok(())
    }
}

/// The panel's data/command pin.
pub struct DataCommand(pub Rc<RefCell<Panel>>);

impl PinErrorType for DataCommand {
    type Error = Infallible;
}

impl OutputPin for DataCommand {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().data = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().data = true;
        Ok(())
    }
}
