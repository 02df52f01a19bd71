//! A clock that counts instructions, where an emulator makes each instruction take 1 ns.

use crate::processor;

/// Instructions that a tick is measured with: enough for one in thousands to be seen.
const KNOWN: u32 = 1_000_000;

/// Parts of 1 ns that a tick is a whole number of: one of application note 547's takes 31.25 ns.
const PARTS: u32 = if cfg!(feature = "mps3-an547") { 4 } else { 1 };

/// Instructions around those, at most: the counter is read twice.
const AROUND: u32 = 16;

/// The processor's counter, running.
pub struct Clock {
    /// A tick, the period of the board's counter, in parts of 1 ns, which is an instruction: 1, 40, 50 or
    /// 125 of them.
    per_tick: u32,
}

impl Clock {
    /// Starts the counter and learns what a tick is.
    ///
    /// # Panics
    /// If no whole number of parts is a tick: the emulator does not count instructions.
    pub fn start() -> Self {
        processor::start();
        let start = Self::now();
        processor::spin(KNOWN / 2);
        let ticks = Self::ticks_since(start);
        let per_tick = (PARTS * KNOWN + ticks / 2) / ticks.max(1);
        let off = ticks.wrapping_mul(per_tick).abs_diff(PARTS * KNOWN);
        let counts = off <= 2 * per_tick + PARTS * AROUND;
        assert!(counts, "{KNOWN} instructions took {ticks} ticks: -icount shift=0?");
        Self { per_tick }
    }

    /// A point in time, for [`Self::ticks_since`].
    pub fn now() -> u32 {
        processor::count()
    }

    /// Ticks since `start`, no more than [`processor::ticks`] can tell.
    pub fn ticks_since(start: u32) -> u32 {
        processor::ticks(start, Self::now())
    }

    /// Instructions in so many ticks.
    pub fn instructions(&self, ticks: u32) -> u64 {
        u64::from(ticks) * u64::from(self.per_tick) / u64::from(PARTS)
    }
}
