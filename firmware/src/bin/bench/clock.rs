//! A clock that counts instructions, where an emulator makes each instruction take 1 ns.

use crate::processor;

/// Instructions that a tick is measured with: enough for one in thousands to be seen.
const KNOWN: u32 = 1_000_000;

/// Instructions around those, at most: the counter is read twice.
const AROUND: u32 = 16;

/// The processor's counter, running.
pub struct Clock {
    /// Instructions of a tick, which is the period of the board's counter in ns: 1, 40 or 50.
    per_tick: u32,
}

impl Clock {
    /// Starts the counter and learns what a tick is.
    ///
    /// # Panics
    /// If no whole number of instructions is a tick: the emulator does not count them.
    pub fn start() -> Self {
        processor::start();
        let start = Self::now();
        processor::spin(KNOWN / 2);
        let ticks = Self::ticks_since(start);
        let per_tick = (KNOWN + ticks / 2) / ticks.max(1);
        let off = ticks.wrapping_mul(per_tick).abs_diff(KNOWN);
        let counts = off <= 2 * per_tick + AROUND;
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
        u64::from(ticks) * u64::from(self.per_tick)
    }
}
