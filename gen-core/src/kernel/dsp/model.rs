//! What the loops in assembly compute, in plain Rust, instruction by instruction: so that the
//! algorithm around them is tested on a desk.

use crate::kernel::tile::Sums;
use crate::weights::{Word, numbers};

/// Adds the products of both halves.
fn smlad(x: Word, w: Word, sum: i32) -> i32 {
    let ([x0, x1], [w0, w1]) = (numbers(x), numbers(w));
    let product = |x: i16, w: i16| i32::from(x) * i32::from(w);
    sum.wrapping_add(product(x0, w0)).wrapping_add(product(x1, w1))
}

/// Extends the low byte of each half.
fn sxtb16(w: Word) -> Word {
    let [a, b] = numbers(w).map(|number| i16::from(number as i8).to_le_bytes());
    [a[0], a[1], b[0], b[1]]
}

/// A sum of a, and of 256·b + a since it was the same.
#[derive(Clone, Copy)]
struct Split {
    low: i32,
    both: i32,
}

impl Split {
    fn of([a, _]: Sums) -> Self {
        Self { low: a, both: a }
    }

    fn add(&mut self, x: Word, w: Word) {
        self.both = smlad(x, w, self.both);
        self.low = smlad(x, sxtb16(w), self.low);
    }

    fn add_to(self, sums: &mut Sums) {
        *sums = [self.low, sums[1] + (self.both.wrapping_sub(self.low) >> 8)];
    }
}

pub(super) fn column<const PAIRS: usize>(
    inputs: &[Word],
    plane: usize,
    weights: &[Word],
    planes: usize,
    sums: &mut [Sums; PAIRS],
) {
    let mut split = sums.map(Split::of);
    for k in 0..planes {
        for (pair, split) in split.iter_mut().enumerate() {
            split.add(inputs[k * plane], weights[k * PAIRS + pair]);
        }
    }
    split.into_iter().zip(sums).for_each(|(split, sums)| split.add_to(sums));
}

pub(super) fn across<const PAIRS: usize, const N: usize>(
    inputs: &[Word],
    planes: usize,
    plane: usize,
    weights: &[Word],
    tap: usize,
    sums: &mut [Sums; N],
) {
    let mut split = sums.map(Split::of);
    for k in 0..planes {
        for (n, split) in split.iter_mut().enumerate() {
            split.add(inputs[k * plane + n], weights[k * PAIRS]);
            split.add(inputs[k * plane + n + 1], weights[tap + k * PAIRS]);
        }
    }
    split.into_iter().zip(sums).for_each(|(split, sums)| split.add_to(sums));
}
