//! A model of the loops in assembly in plain Rust, instruction by instruction, so that the code around them is tested
//! on any computer.

use crate::kernel::tile::{POSITIONS, Sums, TapPair};
use crate::weights::{Word, lanes};

/// SMLAD: adds the products of both lanes.
fn smlad(x: Word, w: Word, sum: i32) -> i32 {
    let ([x0, x1], [w0, w1]) = (lanes(x), lanes(w));
    let product = |x: i16, w: i16| i32::from(x) * i32::from(w);
    sum.wrapping_add(product(x0, w0)).wrapping_add(product(x1, w1))
}

/// SXTB16: sign-extends the low byte of each lane.
fn sxtb16(w: Word) -> Word {
    let [a, b] = lanes(w).map(|lane| i16::from(lane as i8).to_le_bytes());
    [a[0], a[1], b[0], b[1]]
}

/// The accumulators of a and of 256·b + a, which both start at the sum of a.
#[derive(Clone, Copy)]
struct Split {
    low: i32,
    both: i32,
}

impl Split {
    fn add(&mut self, x: Word, w: Word) {
        self.both = smlad(x, w, self.both);
        self.low = smlad(x, sxtb16(w), self.low);
    }
}

/// Adds to the sums of a pair what `add` accumulates.
fn split(sums: &mut Sums, pair: usize, add: impl FnOnce(&mut Split)) {
    let [a, b] = &mut sums.as_chunks_mut::<2>().0[pair];
    let mut split = Split { low: *a, both: *a };
    add(&mut split);
    *b = b.wrapping_add(split.both.wrapping_sub(split.low) >> 8);
    *a = split.low;
}

pub(super) fn expand(row: &[u8], channels: usize, zero_point: u8, words: &mut [Word]) {
    let width = row.len() / channels;
    for (i, &x) in row.iter().enumerate() {
        let (column, channel) = (i / channels, i % channels);
        let half = 2 * (channel % 2);
        let x = i16::from(x) - i16::from(zero_point);
        words[channel / 2 * width + column][half..half + 2].copy_from_slice(&x.to_le_bytes());
    }
}

pub(super) fn column(
    inputs: &[Word],
    plane: usize,
    planes: usize,
    weights: &[Word],
    pairs: usize,
    sums: &mut Sums,
) {
    for pair in 0..pairs {
        split(sums, pair, |split| {
            (0..planes).for_each(|k| split.add(inputs[k * plane], weights[k * pairs + pair]));
        });
    }
}

pub(super) fn across(
    inputs: &[Word],
    plane: usize,
    planes: usize,
    weights: TapPair<'_>,
    sums: &mut [Sums; POSITIONS],
) {
    let TapPair { words, tap, pairs } = weights;
    for (n, sums) in sums.iter_mut().enumerate() {
        for pair in 0..pairs {
            split(sums, pair, |split| {
                for k in 0..planes {
                    split.add(inputs[k * plane + n], words[k * pairs + pair]);
                    split.add(inputs[k * plane + n + 1], words[tap + k * pairs + pair]);
                }
            });
        }
    }
}
