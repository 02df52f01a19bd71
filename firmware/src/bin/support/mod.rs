//! What every program on a chip needs: a logger, and an exit when it fails.

// The handlers of the processor are declared here, which Rust counts as unsafe.
#![allow(unsafe_code)]

#[cfg(target_arch = "arm")]
#[path = "arm.rs"]
mod processor;
#[cfg(target_arch = "riscv32")]
#[path = "riscv.rs"]
mod processor;

#[cfg(feature = "_emulated")]
mod emulated;
#[cfg(not(feature = "_emulated"))]
mod hardware;

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "_emulated")]
pub(crate) use emulated::exit;
#[cfg(not(feature = "_emulated"))]
pub(crate) use hardware::exit;
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
