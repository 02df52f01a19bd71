//! What every program on a chip needs: its logger, and a way out when it panics.

use core::panic::PanicInfo;

// Linked for what they register: critical sections and defmt's logger.
use cortex_m as _;
use defmt_semihosting as _;

/// Exit status of a program that panicked, as on a desktop.
const PANICKED: i32 = 101;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    semihosting::process::exit(PANICKED)
}
