//! The innermost loop in portable Rust, for processors that multiply one pair of numbers at a time.

use super::tile::{Sums, Tile};
use crate::weights::{Word, lanes};

/// Skips inputs of 0, about half of all inputs after a ReLU, and reads weights byte by byte.
///
/// Some of these processors load only aligned words, so the compiler would assemble a lane from its bytes anyway. The
/// bytes lead to both weights more directly: on RV32IMC `models/faces` takes 18 % fewer instructions.
#[derive(Debug)]
pub struct Plain;

impl Tile for Plain {
    const ACROSS: bool = false;

    fn column(
        inputs: &[Word],
        plane: usize,
        planes: usize,
        weights: &[Word],
        pairs: usize,
        sums: &mut Sums,
    ) {
        let weights = &weights[..planes * pairs];
        let column = match pairs {
            1 => column1,
            2 => column2,
            3 => column3,
            _ => column4,
        };
        column(inputs, plane, weights, sums);
    }
}

/// Defines the loop for a number of pairs of features, with the pairs written out. Compiled for size, a loop over
/// pairs would not be unrolled and would keep the accumulators in memory.
macro_rules! column {
    ($name:ident, $pairs:literal, $($pair:literal)*) => {
        fn $name(inputs: &[Word], plane: usize, weights: &[Word], sums: &mut Sums) {
            let (sums, _) = sums.as_chunks_mut::<2>();
            let mut own = [$(sums[$pair],)*];
            let (points, _) = weights.as_chunks::<$pairs>();
            for (k, point) in points.iter().enumerate() {
                // `chunks` would divide and `step_by` takes longer.
                let Some(&inputs) = inputs.get(k * plane) else { break };
                let [first, second] = lanes(inputs);
                if first != 0 {
                    $(own[$pair] = add(own[$pair], point[$pair][0], point[$pair][1], first.into());)*
                }
                if second != 0 {
                    $(own[$pair] = add(own[$pair], point[$pair][2], point[$pair][3], second.into());)*
                }
            }
            sums[..$pairs].copy_from_slice(&own);
        }
    };
}

column!(column1, 1, 0);
column!(column2, 2, 0 1);
column!(column3, 3, 0 1 2);
column!(column4, 4, 0 1 2 3);

/// Adds the products of input `x` with both weights of a lane, given as its bytes.
#[inline(always)]
fn add([a, b]: [i32; 2], low: u8, high: u8, x: i32) -> [i32; 2] {
    // As `weights::split`: a negative a has borrowed 1 from the high byte.
    let (low, high) = (i32::from(low as i8), i32::from(high as i8));
    [a.wrapping_add(low * x), b.wrapping_add((high - (low >> 31)) * x)]
}
