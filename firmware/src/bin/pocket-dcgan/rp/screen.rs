//! An ST7789 of 240 × 240 pixels on SPI1: the driver of the crate mipidsi, on this chip's bus and pins.

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

/// Clock of the bus. Older data sheets allow 15 MHz, later ones 62.5 MHz, which makers' own examples use;
/// this is half of that, to tolerate wires. Divisors are even, so on the RP2350 it becomes 25 MHz.
const HZ: u32 = 31_250_000;

/// Buffer between pixels and bus: 256 RGB565 pixels, a little more than a screen line of 240.
static BUFFER: ConstStaticCell<[u8; 512]> = ConstStaticCell::new([0; 512]);

type Bus = Spi<'static, SPI1, Blocking>;
type Device = Alive<ExclusiveDevice<Bus, Output<'static>, NoDelay>>;

/// The screen, a `DrawTarget` of embedded-graphics.
pub(crate) type Screen =
    Display<SpiInterface<'static, Device, Output<'static>>, ST7789, Output<'static>>;

/// The bus and pins of the screen.
pub(crate) struct Wires {
    /// Clock and data, configured with [`bus`].
    pub(crate) bus: Bus,
    /// Low for commands. Labelled DC or RS.
    pub(crate) data: Peri<'static, AnyPin>,
    /// Chip select, labelled CS. Unconnected on modules that have none.
    pub(crate) select: Peri<'static, AnyPin>,
    /// Labelled RST or RES.
    pub(crate) reset: Peri<'static, AnyPin>,
    /// Backlight, labelled BL or BLK; on when high.
    pub(crate) light: Peri<'static, AnyPin>,
}

/// How the panel is mounted behind its glass.
pub(crate) struct Panel {
    pub(crate) rotation: Rotation,
    pub(crate) inversion: ColorInversion,
    pub(crate) order: ColorOrder,
}

/// Configuration of the bus: mode 3, in which the screen samples data on the rising edge of a clock that
/// idles high. Modules without CS understand this mode too.
pub(crate) fn bus() -> spi::Config {
    let mut config = spi::Config::default();
    config.frequency = HZ;
    config.polarity = spi::Polarity::IdleHigh;
    config.phase = spi::Phase::CaptureOnSecondTransition;
    config
}

/// Initialises the screen, clears it to black, then turns the backlight on: at power-on its memory holds
/// noise.
pub(super) fn light_up(wires: Wires, panel: Panel) -> Screen {
    // Low from here on: the driver's own pulse of 10 µs would start late.
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
    // Forget the pin, so that it stays high for ever: dropping it would release it.
    core::mem::forget(Output::new(wires.light, Level::High));
    screen
}

/// An SPI device that feeds the watchdog at every transfer.
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
