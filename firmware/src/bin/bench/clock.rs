//! Counts instructions, on an emulator that makes each instruction take 1 ns.

use crate::processor;

/// Instructions executed to measure a tick: enough to detect one instruction in thousands.
const KNOWN: u32 = 1_000_000;

/// Unit of ticks, as a fraction of 1 ns, chosen to make a tick a whole number: application note 547's takes
/// 31.25 ns.
const PARTS: u32 = if cfg!(feature = "mps3-an547") { 4 } else { 1 };

/// Most additional instructions around those: the counter is read twice.
const AROUND: u32 = 16;

/// The processor's counter, started.
pub struct Clock {
    /// Length of a tick (the period of the board's counter) in units of 1/[`PARTS`] ns: 1, 40, 50 or 125. An
    /// instruction takes 1 ns.
    per_tick: u32,
}

impl Clock {
    /// Starts the counter and measures the length of a tick.
    ///
    /// # Panics
    ///
    /// If a tick is not a whole number of units: then the emulator does not count instructions.
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

    /// The counter's current value, for [`Self::ticks_since`].
    pub fn now() -> u32 {
        processor::count()
    }

    /// Ticks since `start`, correct within the range of [`processor::ticks`].
    pub fn ticks_since(start: u32) -> u32 {
        processor::ticks(start, Self::now())
    }

    /// Number of instructions in `ticks`.
    pub fn instructions(&self, ticks: u32) -> u64 {
        u64::from(ticks) * u64::from(self.per_tick) / u64::from(PARTS)
    }
}
