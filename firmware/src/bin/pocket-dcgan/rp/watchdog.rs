//! Restarts the chip if the program hangs.

// Code that feeds the watchdog does not own the peripheral, so it takes it by an unsafe call.
#![allow(unsafe_code)]

use embassy_rp::Peri;
use embassy_rp::peripherals::WATCHDOG;
use embassy_rp::watchdog::{ResetReason, Watchdog};
use embassy_time::Duration;

/// Timeout. The longest gap between two feeds is the first row, which waits for all layers computed whole; 8 s
/// are enough for several hundred million products. The RP2040's limit is 8.3 s.
const PATIENCE: Duration = Duration::from_secs(8);

/// A scratch register and the value that marks a start of this program. Only a loss of power clears it.
/// Without the mark, a start by the boot ROM, which uses the watchdog too, would look like a timeout.
const STARTED: (usize, u32) = (0, u32::from_be_bytes(*b"DCGN"));

/// Starts the watchdog, which pauses while a debugger halts the processor. Logs a warning if it caused this
/// start.
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

/// Feeds the watchdog.
pub(super) fn feed() {
    // SAFETY: `start` took ownership and kept nothing. Feeding is a single write.
    Watchdog::new(unsafe { WATCHDOG::steal() }).feed(PATIENCE);
}
