//! Texas Instruments' EK-LM3S6965 with its first screen, an SSD0323; also a machine of QEMU.
//!
//! Cortex-M3 at 50 MHz, 256 KB of flash, 64 KB of RAM. SSI0 and pin C7 drive the screen. Left and
//! right: next; up and down: mode; select: hold.

mod clock;
mod gpio;
mod register;
mod screen;

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{Peripherals, SYST};
use cortex_m_rt::exception;
use firmware::ssd0323::Ssd0323;
use firmware::{Board, Button, Event, Presses};
use gpio::{E, F};
use screen::{DataCommand, Screen};

/// Milliseconds between looks at the buttons: longer than their contacts bounce.
const TICK_MS: u32 = 10;

/// Up, down, left, right on port E.
const DIRECTIONS: u32 = 0b1111;
/// Select on port F.
const SELECT: u32 = 1 << 1;
/// Which button each pin is; select follows the directions.
const BUTTONS: [Button; 5] = [Button::Mode, Button::Mode, Button::Next, Button::Next, Button::Hold];

/// Ticks since the start.
static TICKS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    TICKS.fetch_add(1, Ordering::Relaxed);
}

/// The board, brought up.
pub(crate) struct Lm3s6965Evb {
    screen: Ssd0323<Screen, DataCommand>,
    /// Buttons that were down at the last look.
    down: u32,
    /// Buttons that have been down ever since the start. QEMU has all of them so until they move.
    stuck: u32,
}

/// Starts clock, ports and screen.
pub(crate) fn bring_up() -> Lm3s6965Evb {
    clock::start();
    clock::wake_peripherals();
    E.buttons(DIRECTIONS);
    F.buttons(SELECT);

    // The screen is reset together with the chip.
    let (spi, data_command) = screen::connect();
    let Ok(screen) = Ssd0323::new(spi, data_command);
    if let Some(peripherals) = Peripherals::take() {
        tick(peripherals.SYST);
    }
    let down = !up();
    Lm3s6965Evb { screen, down, stuck: down }
}

fn tick(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(clock::HZ / 1000 * TICK_MS - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// Buttons that are up now, in the order of [`BUTTONS`].
fn up() -> u32 {
    E.pins(DIRECTIONS).read() | F.pins(SELECT).read() << 3
}

impl Lm3s6965Evb {
    /// Takes what was pressed since the last look. A button that was down then already cannot be
    /// pressed: the edge is its contacts bouncing. A stuck one counts when it is let go.
    fn look(&mut self, presses: &mut Presses) {
        let fallen = E.fallen(DIRECTIONS) | F.fallen(SELECT) << 3;
        let up = up();
        let pressed = fallen & !self.down | self.stuck & up;
        self.down = !up;
        self.stuck &= self.down;
        for (pin, button) in BUTTONS.into_iter().enumerate() {
            if pressed & 1 << pin != 0 {
                // Full: the queue's own rule says that it is lost.
                let _ = presses.push_back(button);
            }
        }
    }
}

impl Board for Lm3s6965Evb {
    type Display = Ssd0323<Screen, DataCommand>;

    fn display(&mut self) -> &mut Self::Display {
        &mut self.screen
    }

    fn wait(&mut self, milliseconds: u32, presses: &mut Presses) {
        let start = TICKS.load(Ordering::Relaxed);
        loop {
            self.look(presses);
            let waited = TICKS.load(Ordering::Relaxed).wrapping_sub(start) * TICK_MS;
            if !presses.is_empty() || waited >= milliseconds {
                return;
            }
            cortex_m::asm::wfi();
        }
    }

    fn report(&mut self, event: Event<'_>) {
        defmt::info!("{}", event);
    }
}
