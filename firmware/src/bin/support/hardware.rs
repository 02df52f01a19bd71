//! Sends the log to a debug probe, and restarts a program that has ended.

// Linked for what they register: critical sections, interrupts and the defmt logger.
use defmt_rtt as _;
#[cfg(feature = "_rp")]
use embassy_rp as _;

/// Waits for the watchdog to restart the chip; without a watchdog it waits for ever.
pub(crate) fn exit(_: i32) -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}
