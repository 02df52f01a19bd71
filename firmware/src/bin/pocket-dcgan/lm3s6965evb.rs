//! Texas Instruments' EK-LM3S6965 with its first screen, an SSD0323; also a machine of QEMU, and only
//! there has this been run.
//!
//! Cortex-M3 at 50 MHz, 256 KB of flash, 64 KB of RAM. SSI0 and pin C7 drive the screen. Left and
//! right: next; up and down: mode; select: hold.

mod stellaris;

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{Peripherals, SYST};
use cortex_m_rt::exception;
use firmware::ssd0323::Ssd0323;
use firmware::{Board, Button, Debounce, Event, Presses};
use stellaris::clock;
use stellaris::gpio::{A, C, D, E, F, Output};
use stellaris::ssi::Listener;

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

type Screen = Ssd0323<Listener, Output>;

/// The board, brought up.
pub(crate) struct Lm3s6965Evb {
    screen: Screen,
    debounce: Debounce,
}

/// Starts clock, ports and screen.
pub(crate) fn bring_up() -> Lm3s6965Evb {
    clock::start();
    clock::wake_peripherals();
    E.buttons(DIRECTIONS);
    F.buttons(SELECT);
    tick(Peripherals::take().expect("taken here only").SYST);
    Lm3s6965Evb { screen: screen(), debounce: Debounce::new(up()) }
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

fn tick(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(clock::HZ / 1000 * TICK_MS - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// Buttons that are up now, a bit each in the order of [`BUTTONS`]: port E's pins 0 to 3, and above
/// them pin 1 of port F.
fn up() -> u32 {
    E.read(DIRECTIONS) | F.read(SELECT) << 3
}

/// Buttons that went down since the last call.
fn fell() -> u32 {
    E.fell(DIRECTIONS) | F.fell(SELECT) << 3
}

impl Board for Lm3s6965Evb {
    type Display = Screen;

    fn display(&mut self) -> &mut Screen {
        &mut self.screen
    }

    fn wait(&mut self, milliseconds: u32, presses: &mut Presses) {
        let start = TICKS.load(Ordering::Relaxed);
        loop {
            // Right after a tick, so that no two looks are closer than one.
            cortex_m::asm::wfi();
            let pressed = self.debounce.look(fell(), up());
            for (pin, button) in BUTTONS.into_iter().enumerate() {
                if pressed & 1 << pin != 0 {
                    // Full: the queue's own rule says that it is lost.
                    let _ = presses.push_back(button);
                }
            }
            let waited = TICKS.load(Ordering::Relaxed).wrapping_sub(start) * TICK_MS;
            if !presses.is_empty() || waited >= milliseconds {
                return;
            }
        }
    }

    fn report(&mut self, event: Event<'_>) {
        defmt::info!("{}", event);
    }
}
