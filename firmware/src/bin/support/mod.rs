//! What every program on a chip needs: a logger, and an exit when it fails.

// The handlers of the processor are declared here, which Rust counts as unsafe.
#![allow(unsafe_code)]

#[cfg_attr(feature = "_emulated", path = "emulated.rs")]
#[cfg_attr(not(feature = "_emulated"), path = "hardware.rs")]
mod host;
#[cfg_attr(target_arch = "arm", path = "arm.rs")]
#[cfg_attr(target_arch = "riscv32", path = "riscv.rs")]
mod processor;

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

pub(crate) use host::exit;
pub(crate) use processor::entry;

/// Exit status of a program that failed, the same as of a desktop program that panics.
const FAILED: i32 = 101;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    fail(|| defmt::error!("{}", defmt::Display2Format(info)))
}

/// Logs the reason and exits. If logging itself failed, exits without logging again.
fn fail(say: impl FnOnce()) -> ! {
    static FAILING: AtomicBool = AtomicBool::new(false);
    if !FAILING.load(Ordering::Relaxed) {
        FAILING.store(true, Ordering::Relaxed);
        say();
    }
    exit(FAILED)
}
