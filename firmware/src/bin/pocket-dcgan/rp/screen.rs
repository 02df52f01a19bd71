//! An ST7789 of 240 × 240 pixels on SPI1.

use embassy_rp::Peri;
use embassy_rp::gpio::{AnyPin, Level, Output};
use embassy_rp::peripherals::SPI1;
use embassy_rp::spi::{self, Blocking, Spi};
use embassy_time::Delay;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::{Rgb565, RgbColor};
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};
use embedded_hal_bus::spi::{ExclusiveDevice, NoDelay};
use mipidsi::interface::SpiInterface;
use mipidsi::models::ST7789;
use mipidsi::options::{ColorInversion, ColorOrder, Orientation, Rotation};
use mipidsi::{Builder, Display};
use static_cell::ConstStaticCell;

use super::watchdog;

const SIDE: u16 = 240;

/// Older data sheets promise 15 MHz, later ones 62.5 MHz, which is what makers' own examples use: half
/// of that, for wires. Divisors are even: on the RP2350 it becomes 25 MHz.
const HZ: u32 = 31_250_000;

/// Pixels on their way to the bus: a quarter of the line that a picture's pixels become.
static BUFFER: ConstStaticCell<[u8; 512]> = ConstStaticCell::new([0; 512]);

type Bus = Spi<'static, SPI1, Blocking>;
type Device = Alive<ExclusiveDevice<Bus, Output<'static>, NoDelay>>;

/// The screen, as embedded-graphics knows it.
pub(crate) type Screen =
    Display<SpiInterface<'static, Device, Output<'static>>, ST7789, Output<'static>>;

/// Where the screen is connected.
pub(crate) struct Wires {
    /// Clock and data, set up as [`bus`] says.
    pub(crate) bus: Bus,
    /// Low for commands. DC, or RS.
    pub(crate) data: Peri<'static, AnyPin>,
    /// CS. Modules that have none do not mind.
    pub(crate) select: Peri<'static, AnyPin>,
    /// RST, or RES.
    pub(crate) reset: Peri<'static, AnyPin>,
    /// BL, or BLK: high for light.
    pub(crate) light: Peri<'static, AnyPin>,
}

/// How the panel is mounted behind its glass.
pub(crate) struct Panel {
    pub(crate) rotation: Rotation,
    pub(crate) inversion: ColorInversion,
    pub(crate) order: ColorOrder,
}

/// How the screen listens: data are taken as the clock rises again. A clock that idles high (mode 3)
/// is one that modules without CS understand too.
pub(crate) fn bus() -> spi::Config {
    let mut config = spi::Config::default();
    config.frequency = HZ;
    config.polarity = spi::Polarity::IdleHigh;
    config.phase = spi::Phase::CaptureOnSecondTransition;
    config
}

/// Sets up the screen, makes it black, then lights it: its memory holds noise when power comes on.
pub(super) fn light_up(wires: Wires, panel: Panel) -> Screen {
    // Low from here on: of the driver's own 10 µs a part of the first is lost.
    let reset = Output::new(wires.reset, Level::Low);
    let select = Output::new(wires.select, Level::High);
    let Ok(device) = ExclusiveDevice::new_no_delay(wires.bus, select);
    let data = Output::new(wires.data, Level::Low);
    let interface = SpiInterface::new(Alive(device), data, BUFFER.take());
    let screen = Builder::new(ST7789, interface)
        .reset_pin(reset)
        .display_size(SIDE, SIDE)
        .orientation(Orientation::new().rotate(panel.rotation))
        .invert_colors(panel.inversion)
        .color_order(panel.order)
        .init(&mut Delay);
    let mut screen = screen.expect("240 × 240 pixels are within an ST7789's memory");
    screen.clear(Rgb565::BLACK).expect("pins and a bus that only sends cannot fail");
    // For ever: a pin that is dropped is let go.
    core::mem::forget(Output::new(wires.light, Level::High));
    screen
}

/// A screen that is sent something is a sign of life.
pub(crate) struct Alive<D>(D);

impl<D: ErrorType> ErrorType for Alive<D> {
    type Error = D::Error;
}

impl<D: SpiDevice> SpiDevice for Alive<D> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), D::Error> {
        watchdog::feed();
        self.0.transaction(operations)
    }
}
