//! What the loops in assembly compute: [`Plain`] is their model, so that what is around them is
//! tested on a desk.

use crate::kernel::plain::Plain;
use crate::kernel::tile::{Sums, Tile};
use crate::weights::Word;

pub(super) fn column(inputs: &[Word], weights: &[Word], pairs: usize, sums: &mut Sums) {
    Plain::column(inputs, 1, inputs.len(), weights, pairs, sums);
}
