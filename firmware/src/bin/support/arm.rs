//! Cortex-M: the entry point and the fault handler.

// Linked for the critical-section implementation that it registers.
use cortex_m as _;
pub(crate) use cortex_m_rt::entry;
use cortex_m_rt::{ExceptionFrame, exception};

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    super::fail(|| defmt::error!("HardFault at {:#010x}", frame.pc()))
}
