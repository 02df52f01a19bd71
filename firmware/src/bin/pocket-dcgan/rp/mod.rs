//! What boards with a chip of Raspberry Pi and an ST7789 share. They differ in pins.

mod contacts;
mod entropy;
mod screen;
mod watchdog;

use cortex_m::peripheral::Peripherals;
use embassy_rp::Peri;
use embassy_rp::clocks::clk_sys_freq;
use embassy_rp::gpio::{AnyPin, Level, Output};
use embassy_rp::peripherals::WATCHDOG;
use firmware::{Event, Platform, Presses};

pub(crate) use contacts::Contacts;
pub(crate) use entropy::seed;
pub(crate) use screen::{Panel, Wires, bus};

use self::screen::Screen;
use crate::tick;

/// The peripherals that a board uses.
pub(crate) struct Parts {
    pub(crate) watchdog: Peri<'static, WATCHDOG>,
    /// An LED that is on when its pin is high.
    pub(crate) led: Peri<'static, AnyPin>,
    pub(crate) screen: Wires,
    pub(crate) panel: Panel,
    /// The buttons. One that is held during power-on requests the test card.
    pub(crate) contacts: Contacts,
}

/// The board, initialised.
pub(crate) struct Rp {
    screen: Screen,
    test_card: bool,
    led: Output<'static>,
}

impl Rp {
    /// Starts the watchdog, the screen and the tick.
    pub(crate) fn bring_up(parts: Parts) -> Self {
        watchdog::start(parts.watchdog);
        // The LED is on before the screen is: if the screen then stays dark, check its wires.
        let led = Output::new(parts.led, Level::High);
        let screen = screen::light_up(parts.screen, parts.panel);
        let test_card = parts.contacts.any_down();
        let timer = Peripherals::take().expect("taken here only").SYST;
        tick::start(timer, clk_sys_freq(), parts.contacts);
        Self { screen, test_card, led }
    }
}

impl Platform for Rp {
    type Display = Screen;

    fn display(&mut self) -> &mut Screen {
        &mut self.screen
    }

    /// Waits, and blinks the LED meanwhile. An LED that does not blink means that a picture is being drawn,
    /// or that the program is stuck.
    fn wait(&mut self, milliseconds: u32, presses: &mut Presses) {
        tick::sleep(milliseconds, presses, |ticks| {
            watchdog::feed();
            self.led.set_level(Level::from(ticks % 100 < 50));
        });
    }

    fn wants_test_card(&mut self) -> bool {
        self.test_card
    }

    fn report(&mut self, event: Event<'_>) {
        defmt::info!("{}", event);
    }
}
