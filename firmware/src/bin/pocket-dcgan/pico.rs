//! Raspberry Pi Pico and Pico 2 with Waveshare's Pico-LCD-1.3, or with another 240×240 ST7789 and buttons on
//! the same pins: docs/boards.md has the table.
//!
//! Pico: RP2040, Cortex-M0+ at 125 MHz, 2 MB of flash, 264 KB of RAM; so far run only in an emulator. Pico 2:
//! RP2350, Cortex-M33 at 150 MHz, 4 MB of flash, 520 KB of RAM; not run yet.

mod rp;

use embassy_rp::config::Config;
use embassy_rp::spi::Spi;
use firmware::Button;
use mipidsi::options::{ColorInversion, ColorOrder, Rotation};
pub(crate) use rp::{Contacts, seed};
use rp::{Panel, Parts, Rp, Wires};

/// Change this if the picture is rotated or negative, or blue where it should be red.
const PANEL: Panel = Panel {
    rotation: Rotation::Deg90,
    inversion: ColorInversion::Inverted,
    order: ColorOrder::Rgb,
};

/// Starts the chip and its screen.
pub(crate) fn bring_up() -> Rp {
    let p = embassy_rp::init(Config::default());
    Rp::bring_up(Parts {
        watchdog: p.WATCHDOG,
        led: p.PIN_25.into(),
        screen: Wires {
            bus: Spi::new_blocking_txonly(p.SPI1, p.PIN_10, p.PIN_11, rp::bus()),
            data: p.PIN_8.into(),
            select: p.PIN_9.into(),
            reset: p.PIN_12.into(),
            light: p.PIN_13.into(),
        },
        panel: PANEL,
        contacts: Contacts::new([
            (p.PIN_15.into(), Button::Next), // key A
            (p.PIN_17.into(), Button::Mode), // B
            (p.PIN_19.into(), Button::Hold), // X
            (p.PIN_2.into(), Button::Mode),  // joystick up
            (p.PIN_18.into(), Button::Mode), // down
            (p.PIN_16.into(), Button::Next), // left
            (p.PIN_20.into(), Button::Next), // right
            (p.PIN_3.into(), Button::Hold),  // pressed
        ]),
    })
}
