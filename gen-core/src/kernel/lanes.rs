//! The kernel for x86-64: the pairs of a block in the lanes of AVX2 vectors. An instruction adds two products per
//! lane, and positions share the weights in registers.
//!
//! The pairs fill half a vector; the other half has a second column tap or a second plane. A processor without AVX2
//! runs [`Plain`].

use super::plain::Plain;
use super::tile::{POSITIONS, Sums, TapPair, Tile};
use super::{Blocked, Job, Kernel, Scratch};
use crate::weights::Word;
use core::arch::x86_64::*;

cpufeatures::new!(avx2, "avx2");

/// The kernel with AVX2 if the processor has it, else with [`Plain`].
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

/// The loops with AVX2: one pair of features per lane. Only [`Desk`] may use it, after it has found AVX2.
struct Lanes;

impl Tile for Lanes {
    const ACROSS: bool = true;

    #[allow(unsafe_code, reason = "calls of functions for a target feature")]
    fn expand(row: &[u8], channels: usize, zero_point: u8, words: &mut [Word]) -> bool {
        let fits = channels.is_multiple_of(8);
        if fits {
            // SAFETY: only `Desk` calls this, after it has found AVX2.
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
        // SAFETY: only `Desk` calls this, after it has found AVX2.
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
        // SAFETY: only `Desk` calls this, after it has found AVX2.
        unsafe { across(inputs, plane, taps, sums) }
    }
}

/// The loop of [`Tile::expand`]: eight channels of a pixel become four planes.
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

/// The loop of [`Tile::column`]: two planes at a time, one in each half of a vector; an odd last plane alone.
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

/// The loop of [`Tile::across`]: both taps of a pair of features are neighbouring lanes, as are the inputs of
/// neighbouring columns.
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

/// The words of a point's pairs; lanes without a pair are 0.
#[inline]
#[target_feature(enable = "avx2")]
fn pairs<const PAIRS: usize>(point: &[Word; PAIRS]) -> __m128i {
    let word = |pair| point.get(pair).map_or(0, |&word: &Word| i32::from_le_bytes(word));
    _mm_setr_epi32(word(0), word(1), word(2), word(3))
}

/// Weights as 256·a and 256·b + a ([`weights`](crate::weights)); 256·a takes one shift, a would take two.
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

/// The accumulated products of inputs with [`Factors`].
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

/// Adds to the features' `sums` what `splits` accumulated: for each pair the sum of 256·a, then that of 256·b + a.
#[inline]
#[allow(unsafe_code, reason = "loads and stores of a vector")]
#[target_feature(enable = "avx2")]
fn finish(splits: __m256i, sums: &mut Sums) {
    let a = _mm256_srai_epi32::<8>(splits);
    let b = _mm256_srai_epi32::<8>(_mm256_sub_epi32(splits, _mm256_slli_epi64::<32>(a)));
    let ab = _mm256_blend_epi32::<0b1010_1010>(a, b);
    let sums = sums.as_mut_ptr().cast();
    // SAFETY: `sums` has 8 elements of 4 bytes, as many as a vector, and is borrowed mutably. Unaligned access is
    // allowed.
    unsafe { _mm256_storeu_si256(sums, _mm256_add_epi32(_mm256_loadu_si256(sums), ab)) };
}
