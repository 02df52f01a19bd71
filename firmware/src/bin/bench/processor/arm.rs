//! Cortex-M: reads SysTick, whose tick is 31 to 50 instructions, depending on the board.

use core::arch::asm;

use cortex_m::Peripherals;
use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m::register::msp;

/// SysTick counts down in 24 bits.
const MASK: u32 = (1 << 24) - 1;

/// Starts the counter.
///
/// # Panics
///
/// If it was called before.
pub fn start() {
    let mut systick = Peripherals::take().expect("nobody else has taken them").SYST;
    systick.set_clock_source(SystClkSource::Core);
    systick.set_reload(MASK);
    systick.clear_current();
    systick.enable_counter();
}

/// The counter's current value.
pub fn count() -> u32 {
    SYST::get_current()
}

/// Ticks between two readings, fewer than 2²⁴.
pub fn ticks(from: u32, to: u32) -> u32 {
    from.wrapping_sub(to) & MASK
}

/// Executes `turns` loops of two instructions each.
pub fn spin(turns: u32) {
    // SAFETY: counts down a register of its own.
    unsafe {
        asm!("2: subs {turns}, #1", "bne 2b", turns = inout(reg) turns => _, options(nomem, nostack));
    }
}

/// The caller's stack pointer.
#[inline(always)]
pub fn stack_pointer() -> usize {
    msp::read() as usize
}
