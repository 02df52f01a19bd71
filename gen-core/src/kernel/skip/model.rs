//! What the loops in assembly compute: [`Plain`] is their model, so that what is around them is
//! tested on a desk.

use crate::kernel::plain::Plain;
use crate::kernel::tile::{Sums, Tile};
use crate::weights::Word;

#[inline(always)]
pub(super) fn column<const PAIRS: usize>(
    inputs: &[Word],
    weights: &[Word],
    sums: &mut [Sums; PAIRS],
) {
    Plain::column(inputs, 1, weights, sums);
}
