//! A model of the loop in assembly in plain Rust, instruction by instruction, so that the code around it is tested on
//! any computer.

use crate::kernel::tile::Sums;
use crate::weights::{Word, lanes};

/// Words of a vector.
const WORDS: usize = 4;

/// A vector. Masked lanes are 0, which adds nothing to a sum.
type Vector = [Word; WORDS];

/// VLDRW: loads every `step`-th word; words after the last are masked.
fn vldrw(words: &[Word], step: usize) -> Vector {
    core::array::from_fn(|lane| words.get(lane * step).copied().unwrap_or_default())
}

/// VMLADAV: adds the products of all 16-bit lanes.
fn vmladava(sum: i32, w: Vector, x: Vector) -> i32 {
    let flat = |vector: Vector| vector.into_iter().flat_map(lanes).map(i32::from);
    flat(w).zip(flat(x)).fold(sum, |sum, (w, x)| sum.wrapping_add(w * x))
}

/// VMOVLB: sign-extends the low byte of each 16-bit lane.
fn vmovlb(w: Vector) -> Vector {
    w.map(|word| {
        let [a, b] = lanes(word).map(|lane| i16::from(lane as i8).to_le_bytes());
        [a[0], a[1], b[0], b[1]]
    })
}

/// Computes what the loop in assembly computes.
pub(super) fn column(inputs: &[Word], weights: &[Word], pairs: usize, sums: &mut Sums) {
    let weights = &weights[..inputs.len() * pairs];
    for (pair, [a, b]) in sums.as_chunks_mut::<2>().0[..pairs].iter_mut().enumerate() {
        let (mut both, mut low) = (*a, *a);
        for (x, w) in inputs.chunks(WORDS).zip(weights.chunks(WORDS * pairs)) {
            let (x, w) = (vldrw(x, 1), vldrw(&w[pair..], pairs));
            both = vmladava(both, w, x);
            low = vmladava(low, vmovlb(w), x);
        }
        *b = b.wrapping_add(both.wrapping_sub(low) >> 8);
        *a = low;
    }
}
