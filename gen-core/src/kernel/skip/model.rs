//! The model of the loops in assembly, [`Plain`], so that the code around them is tested on any computer.

use crate::kernel::plain::Plain;
use crate::kernel::tile::{Sums, Tile};
use crate::weights::Word;

/// Computes what the loops in assembly compute.
pub(super) fn column(inputs: &[Word], weights: &[Word], pairs: usize, sums: &mut Sums) {
    Plain::column(inputs, 1, inputs.len(), weights, pairs, sums);
}
