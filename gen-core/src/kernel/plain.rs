//! The innermost loop for processors that multiply one number at a time.

use super::tile::{Sums, Tile};
use crate::weights::{Word, numbers};

/// Skips inputs of 0, which behind a ReLU are about half.
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
        match pairs {
            1 => column::<1>(inputs, plane, weights, sums),
            2 => column::<2>(inputs, plane, weights, sums),
            3 => column::<3>(inputs, plane, weights, sums),
            _ => column::<4>(inputs, plane, weights, sums),
        }
    }
}

/// The loop for a block of so many pairs of features.
fn column<const PAIRS: usize>(inputs: &[Word], plane: usize, weights: &[Word], sums: &mut Sums) {
    let (sums, _) = sums.as_chunks_mut::<2>();
    // Of a and of 256·b + a, see `weights`.
    let mut low: [i32; PAIRS] = core::array::from_fn(|pair| sums[pair][0]);
    let mut both = low;
    let (points, _) = weights.as_chunks::<PAIRS>();
    for (&inputs, point) in inputs.iter().step_by(plane).zip(points) {
        for (i, x) in numbers(inputs).into_iter().enumerate() {
            let x = i32::from(x);
            if x == 0 {
                continue;
            }
            for (pair, &word) in point.iter().enumerate() {
                let number = numbers(word)[i];
                low[pair] = low[pair].wrapping_add(i32::from(number as i8) * x);
                both[pair] = both[pair].wrapping_add(i32::from(number) * x);
            }
        }
    }
    for (sums, (low, both)) in sums.iter_mut().zip(low.into_iter().zip(both)) {
        *sums = [low, sums[1].wrapping_add(both.wrapping_sub(low) >> 8)];
    }
}
