//! The innermost loops for Arm's DSP instructions (ARMv7E-M; ARMv8-M with the DSP extension). An instruction adds two
//! products; features share the inputs in registers, positions share the weights.

use super::tile::{POSITIONS, Sums, TapPair, Tile};
use crate::weights::{BLOCK, Word};

#[cfg_attr(gen_core_dsp, path = "asm.rs")]
#[cfg_attr(not(gen_core_dsp), path = "model.rs")]
mod loops;

/// The loops with SMLAD: 3 positions × 2 features, or 1 position × 8 features.
#[derive(Debug)]
pub struct Dsp;

impl Tile for Dsp {
    const ACROSS: bool = true;

    fn expand(row: &[u8], channels: usize, zero_point: u8, words: &mut [Word]) -> bool {
        let whole = channels.is_multiple_of(4) && row.len().is_multiple_of(channels);
        // Everything that the loop's safety relies on.
        let suits = whole && !row.is_empty() && row.len() <= 2 * words.len();
        if suits {
            loops::expand(row, channels, zero_point, words);
        }
        suits
    }

    fn column(
        inputs: &[Word],
        plane: usize,
        planes: usize,
        weights: &[Word],
        pairs: usize,
        sums: &mut Sums,
    ) {
        // Everything that the loop's safety relies on; always true.
        let last = planes.saturating_sub(1);
        let inside = last * plane < inputs.len() && planes * pairs <= weights.len();
        if planes > 0 && (1..=BLOCK / 2).contains(&pairs) && inside {
            loops::column(inputs, plane, planes, weights, pairs, sums);
        } else {
            debug_assert!(false, "scratch and weights have all planes of the tap");
        }
    }

    fn across(
        inputs: &[Word],
        plane: usize,
        planes: usize,
        weights: TapPair<'_>,
        sums: &mut [Sums; POSITIONS],
    ) {
        let TapPair { words, tap, pairs } = weights;
        let last = planes.saturating_sub(1);
        let inside = last * plane + POSITIONS < inputs.len() && tap + planes * pairs <= words.len();
        // Everything that the loop's safety relies on, but for the scratch's alignment; always true.
        if planes > 0 && (1..=BLOCK / 2).contains(&pairs) && inside {
            loops::across(inputs, plane, planes, weights, sums);
        } else {
            debug_assert!(false, "scratch and weights have all planes of both taps");
        }
    }
}
