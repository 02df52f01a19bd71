//! A clock that counts instructions: SysTick, where an emulator makes each instruction take 1 ns.

use core::arch::asm;

use cortex_m::peripheral::{SYST, syst::SystClkSource};

/// SysTick counts down in 24 bits.
const MASK: u32 = (1 << 24) - 1;

/// Instructions that a tick is measured with: enough for one in thousands to be seen.
const KNOWN: u32 = 1_000_000;

/// Parts of 1 ns that a tick is a whole number of: one of application note 547's takes 31.25 ns.
const PARTS: u32 = if cfg!(feature = "mps3-an547") { 4 } else { 1 };

/// SysTick, running.
pub struct Clock {
    /// The period of the board's processor clock in parts of 1 ns: 40, 50 or 125 of them.
    per_tick: u32,
}

impl Clock {
    /// Starts SysTick and learns what a tick is.
    ///
    /// # Panics
    /// If no whole number of parts is a tick: the emulator does not count instructions.
    pub fn start(mut systick: SYST) -> Self {
        systick.set_clock_source(SystClkSource::Core);
        systick.set_reload(MASK);
        systick.clear_current();
        systick.enable_counter();
        let start = Self::now();
        known_instructions();
        let ticks = Self::ticks_since(start);
        let per_tick = (PARTS * KNOWN + ticks / 2) / ticks.max(1);
        let off = (ticks * per_tick).abs_diff(PARTS * KNOWN);
        assert!(off <= 2 * per_tick, "{KNOWN} instructions took {ticks} ticks: -icount shift=0?");
        Self { per_tick }
    }

    /// A point in time, for [`Self::ticks_since`].
    pub fn now() -> u32 {
        SYST::get_current()
    }

    /// Ticks since `start`, fewer than 2²⁴.
    pub fn ticks_since(start: u32) -> u32 {
        start.wrapping_sub(Self::now()) & MASK
    }

    /// Instructions in so many ticks.
    pub fn instructions(&self, ticks: u32) -> u64 {
        u64::from(ticks) * u64::from(self.per_tick) / u64::from(PARTS)
    }
}

/// [`KNOWN`] instructions, two a turn.
fn known_instructions() {
    // SAFETY: counts a register of its own down.
    unsafe {
        asm!(
            "2: subs {turns}, #1",
            "bne 2b",
            turns = inout(reg) KNOWN / 2 => _,
            options(nomem, nostack)
        );
    }
}
