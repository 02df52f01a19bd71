//! Texas Instruments' EK-LM3S6965 with its first screen, an SSD0323. QEMU emulates it; the program has not
//! yet run on the physical board.
//!
//! Cortex-M3 at 50 MHz, 256 KB of flash, 64 KB of RAM. SSI0 and pin C7 drive the screen. Left and right:
//! next; up and down: mode; select: hold.

mod stellaris;

use cortex_m::peripheral::Peripherals;
use firmware::ssd0323::Ssd0323;
use firmware::{Button, Event, Platform, Presses};
use stellaris::clock;
use stellaris::gpio::{A, C, D, E, F, Output};
use stellaris::ssi::Ssi0;

use crate::tick;

/// Pins of up, down, left and right on port E.
const DIRECTIONS: u32 = 0b1111;
/// Pin of select on port F.
const SELECT: u32 = 1 << 1;
/// Meaning of each bit of [`Contacts::up`]: the four directions, then select.
const BUTTONS: [Button; 5] = [Button::Mode, Button::Mode, Button::Next, Button::Next, Button::Hold];

type Screen = Ssd0323<Ssi0, Output>;

/// The board, initialised.
pub(crate) struct Lm3s6965Evb {
    screen: Screen,
}

/// The first seed. It is constant: nothing on the chip differs from one start to the next.
pub(crate) fn seed() -> u64 {
    1
}

/// Starts the clock, the ports and the screen.
pub(crate) fn bring_up() -> Lm3s6965Evb {
    clock::start();
    clock::wake_peripherals();
    E.buttons(DIRECTIONS);
    F.buttons(SELECT);
    tick::start(Peripherals::take().expect("taken here only").SYST, clock::HZ, Contacts);
    Lm3s6965Evb { screen: screen() }
}

/// Initialises the screen, which is reset together with the chip.
fn screen() -> Screen {
    // Deselect the memory card, which shares the bus. The screen always has power.
    D.output(1 << 0).write(true);
    C.output(1 << 6).write(true);
    // Pins of clock, select and data out.
    A.peripheral(1 << 2 | 1 << 3 | 1 << 5);
    let Ok(screen) = Ssd0323::new(Ssi0::new(), C.output(1 << 7));
    screen
}

/// The board's buttons.
pub(crate) struct Contacts;

impl Contacts {
    /// The buttons that are up now, a bit each in the order of [`BUTTONS`]: pins 0 to 3 of port E, then pin 1
    /// of port F.
    pub(crate) fn up(&self) -> u32 {
        E.read(DIRECTIONS) | F.read(SELECT) << 3
    }

    pub(crate) fn buttons(&self) -> &[Button] {
        &BUTTONS
    }
}

impl Platform for Lm3s6965Evb {
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
