//! What boards with one of Raspberry Pi's own chips and an ST7789 share. They differ in pins.

mod contacts;
mod entropy;
mod screen;
mod watchdog;

use cortex_m::peripheral::Peripherals;
use embassy_rp::Peri;
use embassy_rp::clocks::clk_sys_freq;
use embassy_rp::gpio::{AnyPin, Level, Output};
use embassy_rp::peripherals::WATCHDOG;
use firmware::{Board, Event, Presses};

pub(crate) use contacts::Contacts;
pub(crate) use entropy::seed;
pub(crate) use screen::{Panel, Wires, bus};

use self::screen::Screen;
use crate::tick;

/// What a board is made of.
pub(crate) struct Parts {
    pub(crate) watchdog: Peri<'static, WATCHDOG>,
    /// Lights when its pin is high.
    pub(crate) led: Peri<'static, AnyPin>,
    pub(crate) screen: Wires,
    pub(crate) panel: Panel,
    /// One that is held while power comes on asks for the test card.
    pub(crate) contacts: Contacts,
}

/// The board, brought up.
pub(crate) struct Rp {
    screen: Screen,
    test_card: bool,
    led: Output<'static>,
}

impl Rp {
    /// Lights the screen and starts to tick, watched from the beginning.
    pub(crate) fn bring_up(parts: Parts) -> Self {
        watchdog::start(parts.watchdog);
        // A light beside a dark screen: the program runs, look at the wires.
        let led = Output::new(parts.led, Level::High);
        let screen = screen::light_up(parts.screen, parts.panel);
        let test_card = parts.contacts.any_down();
        let timer = Peripherals::take().expect("taken here only").SYST;
        tick::start(timer, clk_sys_freq(), parts.contacts);
        Self { screen, test_card, led }
    }
}

impl Board for Rp {
    type Display = Screen;

    fn display(&mut self) -> &mut Screen {
        &mut self.screen
    }

    /// The light goes on and off as long as anything is waited for: one that does not change says
    /// that a picture is drawn, or that the program is stuck.
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
