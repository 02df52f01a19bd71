//! Texas Instruments' EK-LM3S6965 with its first screen, an SSD0323; also a machine of QEMU, and only
//! there has this been run.
//!
//! Cortex-M3 at 50 MHz, 256 KB of flash, 64 KB of RAM. SSI0 and pin C7 drive the screen. Left and
//! right: next; up and down: mode; select: hold.

mod stellaris;

use cortex_m::peripheral::Peripherals;
use firmware::ssd0323::Ssd0323;
use firmware::{Board, Button, Event, Presses};
use stellaris::clock;
use stellaris::gpio::{A, C, D, E, F, Output};
use stellaris::ssi::Listener;

use crate::tick;

/// Up, down, left, right on port E.
const DIRECTIONS: u32 = 0b1111;
/// Select on port F.
const SELECT: u32 = 1 << 1;
/// Which button each pin is; select follows the directions.
const BUTTONS: [Button; 5] = [Button::Mode, Button::Mode, Button::Next, Button::Next, Button::Hold];

type Screen = Ssd0323<Listener, Output>;

/// The board, brought up.
pub(crate) struct Lm3s6965Evb {
    screen: Screen,
}

/// Where the application starts: the chip has nothing that differs from one start to the next.
pub(crate) fn seed() -> u64 {
    1
}

/// Starts clock, ports and screen.
pub(crate) fn bring_up() -> Lm3s6965Evb {
    clock::start();
    clock::wake_peripherals();
    E.buttons(DIRECTIONS);
    F.buttons(SELECT);
    tick::start(Peripherals::take().expect("taken here only").SYST, clock::HZ, Contacts);
    Lm3s6965Evb { screen: screen() }
}

/// Lights the screen. It is reset together with the chip.
fn screen() -> Screen {
    // The memory card on the same bus is not meant; the screen has power.
    D.output(1 << 0).write(true);
    C.output(1 << 6).write(true);
    // Clock, select and data out.
    A.peripheral(1 << 2 | 1 << 3 | 1 << 5);
    let Ok(screen) = Ssd0323::new(Listener::new(), C.output(1 << 7));
    screen
}

/// The buttons.
pub(crate) struct Contacts;

impl Contacts {
    /// Those that are up now, a bit each in the order of [`BUTTONS`]: port E's pins 0 to 3, and
    /// above them pin 1 of port F.
    pub(crate) fn up(&self) -> u32 {
        E.read(DIRECTIONS) | F.read(SELECT) << 3
    }

    pub(crate) fn buttons(&self) -> &[Button] {
        &BUTTONS
    }
}

impl Board for Lm3s6965Evb {
    type Display = Screen;

    fn display(&mut self) -> &mut Screen {
        &mut self.screen
    }

    fn wait(&mut self, milliseconds: u32, presses: &mut Presses) {
        tick::sleep(milliseconds, presses, |_| ());
    }

    fn report(&mut self, event: Event<'_>) {
        defmt::info!("{}", event);
    }
}
