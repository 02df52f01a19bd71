//! The innermost loop for processors that multiply one number at a time.

use super::tile::{Sums, Tile};
use crate::weights::{Word, numbers};

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
    let mut own: [[i32; 2]; PAIRS] = core::array::from_fn(|pair| sums[pair]);
    let (points, _) = weights.as_chunks::<PAIRS>();
    for (k, point) in points.iter().enumerate() {
        // Neither in chunks, for which it would divide, nor in steps, which take longer.
        let Some(&inputs) = inputs.get(k * plane) else { break };
        for (i, x) in numbers(inputs).into_iter().enumerate() {
            let x = i32::from(x);
            if x == 0 {
                continue;
            }
            for ([a, b], word) in own.iter_mut().zip(point) {
                // As `weights::split` has them: where a is negative it has taken 1 from the high byte.
                let [low, high] = [word[2 * i], word[2 * i + 1]].map(|byte| i32::from(byte as i8));
                *a = a.wrapping_add(low * x);
                *b = b.wrapping_add((high - (low >> 31)) * x);
            }
        }
    }
    sums[..PAIRS].copy_from_slice(&own);
}
