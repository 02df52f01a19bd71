//! The innermost loops for x86-64: a block's pairs of features in the lanes of a vector, two
//! products a lane and instruction, weights in registers shared by positions.
//!
//! SSE2 is all they need, and every desk has it. AVX2, a column tap in each half of a vector, was
//! 1.2 times as fast (EPYC, Zen 4): not worth asking the processor which it is.

use super::tile::{POSITIONS, Sums, Taps, Tile};
use crate::weights::Word;
use core::arch::x86_64::*;

/// A pair of features in each lane.
#[derive(Debug)]
pub struct Lanes;

impl Tile for Lanes {
    const ACROSS: bool = true;

    #[allow(unsafe_code, reason = "calls of functions for a target feature")]
    fn column(
        inputs: &[Word],
        plane: usize,
        planes: usize,
        weights: &[Word],
        pairs: usize,
        sums: &mut Sums,
    ) {
        let column = match pairs {
            1 => column::<1>,
            2 => column::<2>,
            3 => column::<3>,
            _ => column::<4>,
        };
        // SAFETY: this module is there only where the target has SSE2.
        unsafe { column(inputs, plane, &weights[..planes * pairs], sums) }
    }

    #[allow(unsafe_code, reason = "calls of functions for a target feature")]
    fn across(
        inputs: &[Word],
        plane: usize,
        planes: usize,
        weights: Taps<'_>,
        sums: &mut [Sums; POSITIONS],
    ) {
        let Taps { words, tap, pairs } = weights;
        let taps = [&words[..planes * pairs], &words[tap..][..planes * pairs]];
        let across = match pairs {
            1 => across::<1>,
            2 => across::<2>,
            3 => across::<3>,
            _ => across::<4>,
        };
        // SAFETY: this module is there only where the target has SSE2.
        unsafe { across(inputs, plane, taps, sums) }
    }
}

/// The loop of [`Tile::column`].
#[target_feature(enable = "sse2")]
fn column<const PAIRS: usize>(inputs: &[Word], plane: usize, weights: &[Word], sums: &mut Sums) {
    let mut split = Split::zero();
    let (points, _) = weights.as_chunks::<PAIRS>();
    for (&input, point) in inputs.iter().step_by(plane).zip(points) {
        split.add(broadcast(input), &Factors::new(point));
    }
    split.finish(sums);
}

/// The loop of [`Tile::across`].
#[target_feature(enable = "sse2")]
fn across<const PAIRS: usize>(
    inputs: &[Word],
    plane: usize,
    taps: [&[Word]; 2],
    sums: &mut [Sums; POSITIONS],
) {
    let mut splits = [Split::zero(); POSITIONS];
    let [first, second] = taps.map(|weights| weights.as_chunks::<PAIRS>().0);
    for (k, (first, second)) in first.iter().zip(second).enumerate() {
        let inputs = &inputs[k * plane..][..POSITIONS + 1];
        let (first, second) = (Factors::new(first), Factors::new(second));
        for n in 0..POSITIONS {
            splits[n].add(broadcast(inputs[n]), &first);
            splits[n].add(broadcast(inputs[n + 1]), &second);
        }
    }
    for (sums, split) in sums.iter_mut().zip(&splits) {
        split.finish(sums);
    }
}

/// An input in all lanes.
#[inline]
#[target_feature(enable = "sse2")]
fn broadcast(input: Word) -> __m128i {
    _mm_set1_epi32(i32::from_le_bytes(input))
}

/// The weights at a point: a, and 256·b + a, see `weights`.
struct Factors {
    low: __m128i,
    both: __m128i,
}

impl Factors {
    /// Lanes without a pair are 0.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn new<const PAIRS: usize>(point: &[Word; PAIRS]) -> Self {
        // Not a loop, which in a dev build was a call of memmove for every plane.
        let word = |pair| point.get(pair).map_or(0, |&word: &Word| i32::from_le_bytes(word));
        let both = _mm_setr_epi32(word(0), word(1), word(2), word(3));
        Self { low: _mm_srai_epi16::<8>(_mm_slli_epi16::<8>(both)), both }
    }
}

/// The sums of their products with inputs.
#[derive(Clone, Copy)]
struct Split {
    low: __m128i,
    both: __m128i,
}

impl Split {
    #[inline]
    #[target_feature(enable = "sse2")]
    fn zero() -> Self {
        Self { low: _mm_setzero_si128(), both: _mm_setzero_si128() }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn add(&mut self, input: __m128i, factors: &Factors) {
        self.low = _mm_add_epi32(self.low, _mm_madd_epi16(input, factors.low));
        self.both = _mm_add_epi32(self.both, _mm_madd_epi16(input, factors.both));
    }

    /// Adds them to the sums of features.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn finish(&self, sums: &mut Sums) {
        let a = self.low;
        let b = _mm_srai_epi32::<8>(_mm_sub_epi32(self.both, a));
        let [ab01, ab23] = [_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b)];
        let [ab1, ab3] = [ab01, ab23].map(|two| _mm_unpackhi_epi64(two, two));
        let (sums, _) = sums.as_chunks_mut::<2>();
        for ([a, b], ab) in sums.iter_mut().zip([ab01, ab1, ab23, ab3]) {
            let ab = _mm_cvtsi128_si64(ab);
            *a = a.wrapping_add(ab as i32);
            *b = b.wrapping_add((ab >> 32) as i32);
        }
    }
}
