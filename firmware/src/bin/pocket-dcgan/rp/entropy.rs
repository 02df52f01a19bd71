//! An unpredictable first seed.

use embassy_rp::clocks::RoscRng;

/// Reads of 32 bits each. The oscillator is much slower than the processor, so consecutive bits are often
/// equal, and only many of them differ from one start to the next.
const READS: usize = 64;

/// A seed from the ring oscillator, below 65,536: short enough for the caption and for people to tell each
/// other.
pub(crate) fn seed() -> u64 {
    let mut oscillator = RoscRng;
    let mut mixed = 0_u64;
    for _ in 0..READS {
        // Multiplying by an odd number (2⁶⁴ divided by the golden ratio) carries every bit upwards.
        mixed = (mixed ^ u64::from(oscillator.next_u32())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = mixed.rotate_left(32);
    }
    mixed >> 48
}
