//! Vectors of slices that need not end with a whole one.

use std::ops::Range;

use pulp::Simd;

/// The ranges of the vectors of `len` numbers. The last may be shorter.
pub(super) fn vectors<S: Simd>(len: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).step_by(S::F32_LANES).map(move |first| first..len.min(first + S::F32_LANES))
}

/// The vector of the numbers `from`, zero beyond their end.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, from: &[f32]) -> S::f32s {
    match S::as_simd_f32s(from) {
        ([whole], _) => *whole,
        _ => simd.partial_load_f32s(from),
    }
}

/// Stores as much of a vector as `to` holds.
#[inline(always)]
pub(super) fn store<S: Simd>(simd: S, to: &mut [f32], values: S::f32s) {
    match S::as_mut_simd_f32s(to) {
        ([whole], _) => *whole = values,
        (_, to) => simd.partial_store_f32s(to, values),
    }
}
