//! A start that nobody knows beforehand.

use embassy_rp::clocks::RoscRng;

/// Reads of 32 bits. The oscillator is much slower than the processor: bits that are read one right
/// after the other are often alike, and only many of them differ from one start to the next.
const READS: usize = 64;

/// A seed from the ring oscillator, below 65,536: it fits the caption, and can be called out.
pub(crate) fn seed() -> u64 {
    let mut oscillator = RoscRng;
    let mut mixed = 0_u64;
    for _ in 0..READS {
        // An odd multiplier carries every bit upwards: 2⁶⁴ divided by the golden ratio.
        mixed = (mixed ^ u64::from(oscillator.next_u32())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = mixed.rotate_left(32);
    }
    mixed >> 48
}
