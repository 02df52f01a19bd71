//! Starts the chip again when the program shows no life.

// The watchdog is used from where its owner cannot be: by whoever shows life.
#![allow(unsafe_code)]

use embassy_rp::Peri;
use embassy_rp::peripherals::WATCHDOG;
use embassy_rp::watchdog::{ResetReason, Watchdog};
use embassy_time::Duration;

/// A row of pixels, or a tick, has never taken that long; the first waits for all layers that are computed
/// whole, some hundred million products here. The RP2040 counts to 8.3 s at most.
const PATIENCE: Duration = Duration::from_secs(8);

/// In a register that only a loss of power clears: the boot ROM, too, starts programs by the watchdog.
const STARTED: (usize, u32) = (0, u32::from_be_bytes(*b"DCGN"));

/// Starts to watch, except while a debugger has halted the processor. Says if it had to act.
pub(super) fn start(watchdog: Peri<'static, WATCHDOG>) {
    let mut watchdog = Watchdog::new(watchdog);
    let (register, started) = STARTED;
    let again = watchdog.get_scratch(register) == started;
    if again && matches!(watchdog.reset_reason(), Some(ResetReason::TimedOut)) {
        defmt::warn!("the program had shown no life for 8 s: started again");
    }
    watchdog.set_scratch(register, started);
    watchdog.pause_on_debug(true);
    watchdog.start(PATIENCE);
}

/// Shows life.
pub(super) fn feed() {
    // SAFETY: the watchdog's owner gave it to `start`, which keeps nothing. Feeding is one write.
    Watchdog::new(unsafe { WATCHDOG::steal() }).feed(PATIENCE);
}
