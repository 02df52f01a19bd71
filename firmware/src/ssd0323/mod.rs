//! SSD0323: driver of an OLED controller for 128×64 pixels of 16 greys, over SPI.
//!
//! Rows are sent to the panel's own memory as they are drawn; there is nothing to flush. That memory packs
//! two pixels into a byte and cannot be read back over SPI, so changing a pixel requires knowing its
//! neighbour. The driver therefore keeps a copy of what it has sent ([`Ssd0323`] is 4 KB); whole rows are
//! sent from that copy.

mod command;
mod draw;

use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;

/// Width of the panel in pixels.
pub const WIDTH: usize = 128;
/// Height of the panel in pixels.
pub const HEIGHT: usize = 64;

/// Bytes of a row: two pixels each.
const STRIDE: usize = WIDTH / 2;
/// Rows of memory; the panel shows the first [`HEIGHT`].
const MEMORY_ROWS: usize = 80;

/// Why a transfer to the panel failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error<S, P> {
    /// The SPI device failed.
    #[error("the screen's SPI device failed: {0:?}")]
    Spi(S),
    /// The data/command pin failed.
    #[error("the screen's data/command pin failed: {0:?}")]
    Pin(P),
}

/// The panel. Draw on it with `embedded-graphics`; its colour type is `Gray4`.
#[derive(Debug)]
pub struct Ssd0323<S, P> {
    spi: S,
    data_command: P,
    /// Copy of the panel's memory.
    sent: [[u8; STRIDE]; HEIGHT],
}

impl<S: SpiDevice, P: OutputPin> Ssd0323<S, P> {
    /// Initialises the controller, clears its memory and turns the panel on.
    ///
    /// `spi`: mode 0 or 3, at most 4 MHz. `data_command`: low for commands, high for pixels. The
    /// controller must be out of reset.
    ///
    /// # Errors
    ///
    /// An error of the SPI device or the pin.
    pub fn new(spi: S, data_command: P) -> Result<Self, Error<S::Error, P::Error>> {
        let mut panel = Self { spi, data_command, sent: [[0; STRIDE]; HEIGHT] };
        panel.commands(&command::SETUP)?;
        panel.window((0, STRIDE - 1), (0, MEMORY_ROWS - 1))?;
        for _ in 0..MEMORY_ROWS {
            panel.spi.write(&[0; STRIDE]).map_err(Error::Spi)?;
        }
        panel.commands(&command::ON)?;
        Ok(panel)
    }

    fn commands(&mut self, commands: &[&[u8]]) -> Result<(), Error<S::Error, P::Error>> {
        self.data_command.set_low().map_err(Error::Pin)?;
        commands.iter().try_for_each(|command| self.spi.write(command)).map_err(Error::Spi)
    }

    /// Opens a window (both ends included; columns in bytes) and leaves the pin at data.
    fn window(
        &mut self,
        columns: (usize, usize),
        rows: (usize, usize),
    ) -> Result<(), Error<S::Error, P::Error>> {
        self.commands(&[
            &[command::COLUMN_ADDRESS, columns.0 as u8, columns.1 as u8],
            &[command::ROW_ADDRESS, rows.0 as u8, rows.1 as u8],
        ])?;
        self.data_command.set_high().map_err(Error::Pin)
    }
}
