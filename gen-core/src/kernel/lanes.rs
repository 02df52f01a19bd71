//! The kernel for x86-64: a block's pairs of features in the lanes of AVX2's vectors, two products a
//! lane and instruction, weights in registers shared by positions.
//!
//! Pairs fill half a vector. Beside them is a second column tap, or a second plane. A processor that has no
//! AVX2 multiplies one number at a time.

use super::plain::Plain;
use super::tile::{POSITIONS, Sums, TapPair, Tile};
use super::{Blocked, Job, Kernel, Scratch};
use crate::weights::Word;
use core::arch::x86_64::*;

cpufeatures::new!(avx2, "avx2");

/// What the processor can do.
#[derive(Debug)]
pub struct Desk;

impl Kernel for Desk {
    fn rows(job: Job<'_>, scratch: &mut Scratch<'_>, out: &mut [u8]) {
        match avx2::get() {
            true => Blocked::<Lanes>::rows(job, scratch, out),
            false => Blocked::<Plain>::rows(job, scratch, out),
        }
    }
}

/// A pair of features in each lane. Only for [`Desk`], which asks whether the processor has AVX2.
struct Lanes;

impl Tile for Lanes {
    const ACROSS: bool = true;

    #[allow(unsafe_code, reason = "calls of functions for a target feature")]
    fn expand(row: &[u8], channels: usize, zero_point: u8, words: &mut [Word]) -> bool {
        let fits = channels.is_multiple_of(8);
        if fits {
            // SAFETY: Desk, who alone is here, has found AVX2.
            unsafe { expand(row, channels, zero_point, words) };
        }
        fits
    }

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
        // SAFETY: Desk, who alone is here, has found AVX2.
        unsafe { column(inputs, plane, &weights[..planes * pairs], sums) }
    }

    #[allow(unsafe_code, reason = "calls of functions for a target feature")]
    fn across(
        inputs: &[Word],
        plane: usize,
        planes: usize,
        weights: TapPair<'_>,
        sums: &mut [Sums; POSITIONS],
    ) {
        let TapPair { words, tap, pairs } = weights;
        let taps = [&words[..planes * pairs], &words[tap..][..planes * pairs]];
        let across = match pairs {
            1 => across::<1>,
            2 => across::<2>,
            3 => across::<3>,
            _ => across::<4>,
        };
        // SAFETY: Desk, who alone is here, has found AVX2.
        unsafe { across(inputs, plane, taps, sums) }
    }
}

/// The loop of [`Tile::expand`]: four planes from eight channels of a pixel.
#[target_feature(enable = "avx2")]
fn expand(row: &[u8], channels: usize, zero_point: u8, words: &mut [Word]) {
    let zero_point = _mm_set1_epi16(zero_point.into());
    let width = row.len() / channels;
    for (eight, planes) in words.chunks_exact_mut(4 * width).take(channels / 8).enumerate() {
        let (first, last) = planes.split_at_mut(2 * width);
        let ((a, b), (c, d)) = (first.split_at_mut(width), last.split_at_mut(width));
        let pixels = row.chunks_exact(channels).map(|pixel| pixel.as_chunks::<8>().0[eight]);
        for ((((a, b), c), d), pixel) in a.iter_mut().zip(b).zip(c).zip(d).zip(pixels) {
            let bytes = _mm_cvtsi64_si128(i64::from_le_bytes(pixel));
            let four = _mm_sub_epi16(_mm_cvtepu8_epi16(bytes), zero_point);
            *a = _mm_extract_epi32::<0>(four).to_le_bytes();
            *b = _mm_extract_epi32::<1>(four).to_le_bytes();
            *c = _mm_extract_epi32::<2>(four).to_le_bytes();
            *d = _mm_extract_epi32::<3>(four).to_le_bytes();
        }
    }
}

/// The loop of [`Tile::column`]: a plane in each half, the last alone if they are odd in number.
#[target_feature(enable = "avx2")]
fn column<const PAIRS: usize>(inputs: &[Word], plane: usize, weights: &[Word], sums: &mut Sums) {
    let mut split = Split::zero();
    let mut add = |two: [&[Word; PAIRS]; 2], inputs: [Word; 2]| {
        let [point, next] = two.map(|point| pairs(point));
        let [input, beside] = inputs.map(|word| _mm256_set1_epi32(i32::from_le_bytes(word)));
        let input = _mm256_blend_epi32::<0b1111_0000>(input, beside);
        split.add(input, &Factors::new(_mm256_set_m128i(next, point)));
    };
    let (points, _) = weights.as_chunks::<PAIRS>();
    let (twos, last) = points.as_chunks::<2>();
    for (k, [point, next]) in twos.iter().enumerate() {
        let inputs = &inputs[2 * k * plane..][..plane + 1];
        add([point, next], [inputs[0], inputs[plane]]);
    }
    if let [point] = last {
        add([point, &[[0; 4]; PAIRS]], [inputs[2 * twos.len() * plane], [0; 4]]);
    }
    let [a, both] = [split.a, split.both].map(|halves| {
        _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves))
    });
    let [first, last] = [_mm_unpacklo_epi32(a, both), _mm_unpackhi_epi32(a, both)];
    finish(_mm256_set_m128i(last, first), sums);
}

/// The loop of [`Tile::across`]: the taps of a pair are neighbours, as inputs of
/// neighbouring columns are.
#[target_feature(enable = "avx2")]
fn across<const PAIRS: usize>(
    inputs: &[Word],
    plane: usize,
    taps: [&[Word]; 2],
    sums: &mut [Sums; POSITIONS],
) {
    let mut splits = [Split::zero(); POSITIONS];
    let turn = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    let [first, second] = taps.map(|weights| weights.as_chunks::<PAIRS>().0);
    for (k, (first, second)) in first.iter().zip(second).enumerate() {
        let inputs = &inputs[k * plane..][..POSITIONS + 1];
        let taps = _mm256_set_m128i(pairs(second), pairs(first));
        let factors = Factors::new(_mm256_permutevar8x32_epi32(taps, turn));
        for n in 0..POSITIONS {
            let [a, b] = [inputs[n], inputs[n + 1]].map(|word| u64::from(u32::from_le_bytes(word)));
            splits[n].add(_mm256_set1_epi64x((b << 32 | a) as i64), &factors);
        }
    }
    for (sums, split) in sums.iter_mut().zip(&splits) {
        let taps = _mm256_hadd_epi32(split.a, split.both);
        finish(_mm256_shuffle_epi32::<0b11_01_10_00>(taps), sums);
    }
}

/// The pairs of a point; lanes without one are 0.
#[inline]
#[target_feature(enable = "avx2")]
fn pairs<const PAIRS: usize>(point: &[Word; PAIRS]) -> __m128i {
    let word = |pair| point.get(pair).map_or(0, |&word: &Word| i32::from_le_bytes(word));
    _mm_setr_epi32(word(0), word(1), word(2), word(3))
}

/// Weights: 256·a, which takes one shift where a took two, and 256·b + a, see `weights`.
struct Factors {
    a: __m256i,
    both: __m256i,
}

impl Factors {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(both: __m256i) -> Self {
        Self { a: _mm256_slli_epi16::<8>(both), both }
    }
}

/// The sums of their products with inputs.
#[derive(Clone, Copy)]
struct Split {
    a: __m256i,
    both: __m256i,
}

impl Split {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn zero() -> Self {
        Self { a: _mm256_setzero_si256(), both: _mm256_setzero_si256() }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add(&mut self, input: __m256i, factors: &Factors) {
        self.a = _mm256_add_epi32(self.a, _mm256_madd_epi16(input, factors.a));
        self.both = _mm256_add_epi32(self.both, _mm256_madd_epi16(input, factors.both));
    }
}

/// Adds to the sums of features those of 256·a and of 256·b + a, which follow one another for each pair.
#[inline]
#[allow(unsafe_code, reason = "loads and stores of a vector")]
#[target_feature(enable = "avx2")]
fn finish(splits: __m256i, sums: &mut Sums) {
    let a = _mm256_srai_epi32::<8>(splits);
    let b = _mm256_srai_epi32::<8>(_mm256_sub_epi32(splits, _mm256_slli_epi64::<32>(a)));
    let ab = _mm256_blend_epi32::<0b1010_1010>(a, b);
    let sums = sums.as_mut_ptr().cast();
    // SAFETY: sums are as long as a vector, 8 numbers of 4 bytes, and ours; no alignment is asked for.
    unsafe { _mm256_storeu_si256(sums, _mm256_add_epi32(_mm256_loadu_si256(sums), ab)) };
}
