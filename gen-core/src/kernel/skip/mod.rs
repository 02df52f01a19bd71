//! The innermost loop of [`Plain`](super::plain::Plain) for Arm's processors without DSP
//! instructions. The compiler does not keep all eight sums in registers; these loops do.

use super::tile::{Sums, Tile};
use crate::weights::{BLOCK, Word};

#[cfg(gen_core_armv6m)]
mod armv6m;
#[cfg(gen_core_armv6m)]
use armv6m as loops;
#[cfg(gen_core_armv7m)]
mod armv7m;
#[cfg(gen_core_armv7m)]
use armv7m as loops;
#[cfg(not(any(gen_core_armv6m, gen_core_armv7m)))]
mod model;
#[cfg(not(any(gen_core_armv6m, gen_core_armv7m)))]
use model as loops;

/// Skips inputs of 0, with the sums of 8 features in registers.
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
        // All that the loop relies on; never otherwise, since planes are innermost in the scratch.
        let inside = planes <= inputs.len() && planes * pairs <= weights.len();
        if plane == 1 && planes > 0 && (1..=BLOCK / 2).contains(&pairs) && inside {
            loops::column(&inputs[..planes], weights, pairs, sums);
        }
    }
}
