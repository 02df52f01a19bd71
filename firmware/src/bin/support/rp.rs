//! Log to a debug probe; a program that has ended is started again.

// Linked for what they register: critical sections and interrupts, and defmt's logger.
use defmt_rtt as _;
use embassy_rp as _;

/// Waits for the watchdog. Without one, for ever.
pub(crate) fn exit(_: i32) -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}
