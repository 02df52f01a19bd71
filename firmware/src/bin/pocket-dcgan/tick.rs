//! A periodic tick, which samples the buttons and ends sleep, for Cortex-M chips whose SysTick goes on in WFI.

use core::cell::RefCell;
use core::mem::take;

use cortex_m::interrupt::{Mutex, free};
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use firmware::{Debounce, Presses};

use crate::board::Contacts;

/// Milliseconds between ticks: longer than contacts bounce.
const MS: u32 = 10;

/// State of the tick: time since the start, and presses that were not fetched yet.
struct State {
    ticks: u32,
    contacts: Contacts,
    debounce: Debounce,
    presses: Presses,
}

static STATE: Mutex<RefCell<Option<State>>> = Mutex::new(RefCell::new(None));

/// Calls `act` with the state; returns `None` before [`start`].
fn with<T>(act: impl FnOnce(&mut State) -> T) -> Option<T> {
    free(|section| STATE.borrow(section).borrow_mut().as_mut().map(act))
}

#[exception]
fn SysTick() {
    with(|state| {
        state.ticks = state.ticks.wrapping_add(1);
        let up = state.contacts.up();
        state.debounce.queue(up, state.contacts.buttons(), &mut state.presses);
    });
}

/// Starts the tick on a processor clocked at `hz`.
pub(crate) fn start(mut timer: SYST, hz: u32, contacts: Contacts) {
    let debounce = Debounce::new(contacts.up());
    let state = State { ticks: 0, contacts, debounce, presses: Presses::new() };
    free(|section| STATE.borrow(section).replace(Some(state)));
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(hz / 1000 * MS - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// Sleeps for `milliseconds`, or until a button is pressed. Appends presses since the last call to `presses`.
/// Calls `each` after every tick with the number of ticks since the start.
pub(crate) fn sleep(milliseconds: u32, presses: &mut Presses, mut each: impl FnMut(u32)) {
    let mut start = None;
    loop {
        cortex_m::asm::wfi();
        let Some((now, pressed)) = with(|state| (state.ticks, take(&mut state.presses))) else {
            continue;
        };
        each(now);
        for button in pressed {
            let _ = presses.push_back(button);
        }
        let waited = now.wrapping_sub(*start.get_or_insert(now)) * MS;
        if !presses.is_empty() || waited >= milliseconds {
            return;
        }
    }
}
