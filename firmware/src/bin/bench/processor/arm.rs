//! Cortex-M: SysTick, whose tick is 31 to 50 instructions, depending on the board.

use core::arch::asm;

use cortex_m::Peripherals;
use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m::register::msp;

/// SysTick counts down in 24 bits.
const MASK: u32 = (1 << 24) - 1;

/// Starts the counter.
///
/// # Panics
/// If that was done before.
pub fn start() {
    let mut systick = Peripherals::take().expect("nobody else has taken them").SYST;
    systick.set_clock_source(SystClkSource::Core);
    systick.set_reload(MASK);
    systick.clear_current();
    systick.enable_counter();
}

/// What the counter says.
pub fn count() -> u32 {
    SYST::get_current()
}

/// Ticks from one count to a later one, fewer than 2²⁴.
pub fn ticks(from: u32, to: u32) -> u32 {
    from.wrapping_sub(to) & MASK
}

/// Executes so many turns of two instructions.
pub fn spin(turns: u32) {
    // SAFETY: counts a register of its own down.
    unsafe {
        asm!("2: subs {turns}, #1", "bne 2b", turns = inout(reg) turns => _, options(nomem, nostack));
    }
}

/// The end of the stack of whoever calls.
#[inline(always)]
pub fn stack_pointer() -> usize {
    msp::read() as usize
}
