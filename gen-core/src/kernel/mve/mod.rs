//! The innermost loop for Arm's M-profile vectors (MVE, Helium). An instruction adds eight products, summed across the
//! vector into one register per sum.

use super::tile::{Sums, Tile};
use crate::weights::{BLOCK, Word};

#[cfg_attr(gen_core_mve, path = "asm.rs")]
#[cfg_attr(not(gen_core_mve), path = "model.rs")]
mod loops;

/// The loop with VMLADAV: 4 planes, which are 8 inputs, of up to 3 pairs of features at once.
#[derive(Debug)]
pub struct Mve;

impl Tile for Mve {
    const ACROSS: bool = false;

    fn column(
        inputs: &[Word],
        plane: usize,
        planes: usize,
        weights: &[Word],
        pairs: usize,
        sums: &mut Sums,
    ) {
        // Everything that the loop's safety relies on; always true, because planes are innermost in the scratch.
        let inside = planes <= inputs.len() && planes * pairs <= weights.len();
        if plane == 1 && planes > 0 && (1..=BLOCK / 2).contains(&pairs) && inside {
            loops::column(&inputs[..planes], weights, pairs, sums);
        } else {
            debug_assert!(false, "the planes of a tap are side by side in the scratch");
        }
    }
}
