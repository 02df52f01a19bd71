//! The innermost loops for Arm's DSP instructions (ARMv7E-M; ARMv8-M with the DSP extension): two
//! products an instruction, inputs in registers shared by features, weights by positions.

use super::tile::{Sums, Tile};
use crate::weights::Word;

#[cfg(gen_core_dsp)]
mod asm;
#[cfg(gen_core_dsp)]
use asm as loops;
#[cfg(not(gen_core_dsp))]
mod model;
#[cfg(not(gen_core_dsp))]
use model as loops;

/// SMLAD on 3 positions × 2 features, or 1 position × 8 features.
#[derive(Debug)]
pub struct Dsp;

impl Tile for Dsp {
    const ACROSS: bool = true;

    #[inline]
    fn column<const PAIRS: usize>(
        inputs: &[Word],
        plane: usize,
        weights: &[Word],
        sums: &mut [Sums; PAIRS],
    ) {
        let planes = weights.len() / PAIRS;
        if planes > 0 && (planes - 1) * plane < inputs.len() {
            loops::column::<PAIRS>(inputs, plane, weights, planes, sums);
        }
    }

    #[inline]
    fn across<const PAIRS: usize, const N: usize>(
        inputs: &[Word],
        planes: usize,
        plane: usize,
        weights: &[Word],
        tap: usize,
        sums: &mut [Sums; N],
    ) {
        // All that the loop relies on; never otherwise.
        let last = planes.saturating_sub(1);
        let reached = last * plane + N < inputs.len() && tap + last * PAIRS < weights.len();
        if planes > 0 && reached {
            loops::across::<PAIRS, N>(inputs, planes, plane, weights, tap, sums);
        }
    }
}
