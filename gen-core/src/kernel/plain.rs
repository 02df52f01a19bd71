//! The innermost loop for processors that multiply one number at a time.

use super::tile::{Sums, Tile};
use crate::weights::{Word, lanes};

/// Skips inputs of 0, which behind a ReLU are about half. Reads weights byte by byte: some of these
/// processors load a number only from where it is aligned, and put one that may be anywhere together
/// from its bytes. From those to both weights is less far: on RV32IMC `models/faces` takes 18 % fewer
/// instructions.
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

/// A function for a block of so many pairs of features, all of them written out: compiled for size,
/// a loop over pairs would stay one, and keep the sums in memory.
macro_rules! column {
    ($name:ident, $pairs:literal, $($pair:literal)*) => {
        fn $name(inputs: &[Word], plane: usize, weights: &[Word], sums: &mut Sums) {
            let (sums, _) = sums.as_chunks_mut::<2>();
            let mut own = [$(sums[$pair],)*];
            let (points, _) = weights.as_chunks::<$pairs>();
            for (k, point) in points.iter().enumerate() {
                // Neither in chunks, for which it would divide, nor in steps, which take longer.
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

/// Adds an input's products with the weights of a number, of which the bytes are given.
#[inline(always)]
fn add([a, b]: [i32; 2], low: u8, high: u8, x: i32) -> [i32; 2] {
    // As `weights::split` has them: where a is negative it has taken 1 from the high byte.
    let (low, high) = (i32::from(low as i8), i32::from(high as i8));
    [a.wrapping_add(low * x), b.wrapping_add((high - (low >> 31)) * x)]
}
