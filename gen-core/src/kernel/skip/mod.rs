//! The innermost loop for Arm's processors without DSP instructions: that of [`Plain`](super::plain::Plain), with all
//! eight sums in registers, where the compiler does not keep them.

use super::tile::{Sums, Tile};
use crate::weights::{BLOCK, Word};

#[cfg_attr(gen_core_armv6m, path = "armv6m.rs")]
#[cfg_attr(gen_core_armv7m, path = "armv7m.rs")]
#[cfg_attr(not(any(gen_core_armv6m, gen_core_armv7m)), path = "model.rs")]
mod loops;

/// The loops in assembly: skip inputs of 0, keep the sums of 8 features in registers.
#[derive(Debug)]
pub struct Skip;

impl Tile for Skip {
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
