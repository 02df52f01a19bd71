//! Tiles: the sums of several rows and vectors that the inner loops of all convolutions keep in registers.
//!
//! A matrix of sums has rows of numbers, each row a few vectors. It is covered by *blocks* of up to four neighbouring
//! vectors, and each block by tiles of some rows. What all rows are multiplied by is [packed](pack) by blocks, so that a
//! tile reads it from one place.

use std::borrow::Cow;

use pulp::{Arch, Simd, WithSimd};

use super::lanes::{load, store};

/// Numbers of a row that [`add`] takes at a time.
const MANY: usize = 4;

/// The computation of the tiles of one matrix of sums.
pub(super) trait Tiles<S: Simd> {
    /// Computes the sums of `R` rows from `row` on, of `V` vectors from `vector` on.
    fn tile<const R: usize, const V: usize>(&mut self, simd: S, row: usize, vector: usize);
}

/// Computes all tiles of `rows` rows of `numbers` numbers.
#[inline(always)]
pub(super) fn cover<S: Simd>(simd: S, rows: usize, numbers: usize, tiles: &mut impl Tiles<S>) {
    // Of R rows and V vectors, R · V sums, V vectors and a number stay in registers.
    let many = S::REGISTER_COUNT >= 32;
    for (vector, width) in blocks::<S>(numbers) {
        match (width, many) {
            (4, _) => block::<S, 6, 4>(simd, rows, vector, tiles),
            (3, _) => block::<S, 8, 3>(simd, rows, vector, tiles),
            (2, true) => block::<S, 8, 2>(simd, rows, vector, tiles),
            (2, false) => block::<S, 6, 2>(simd, rows, vector, tiles),
            (_, _) => block::<S, 8, 1>(simd, rows, vector, tiles),
        }
    }
}

/// Computes the tiles of one block.
#[inline(always)]
fn block<S: Simd, const R: usize, const V: usize>(
    simd: S,
    rows: usize,
    vector: usize,
    tiles: &mut impl Tiles<S>,
) {
    let mut row = 0;
    while row + R <= rows {
        tiles.tile::<R, V>(simd, row, vector);
        row += R;
    }
    while row + 4 <= rows {
        tiles.tile::<4, V>(simd, row, vector);
        row += 4;
    }
    while row < rows {
        tiles.tile::<1, V>(simd, row, vector);
        row += 1;
    }
}

/// The blocks of a row of `numbers` numbers: the first vector of each, and its number of vectors.
fn blocks<S: Simd>(numbers: usize) -> impl Iterator<Item = (usize, usize)> {
    let widest = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
    let vectors = numbers.div_ceil(S::F32_LANES);
    (0..vectors).step_by(widest).map(move |first| (first, widest.min(vectors - first)))
}

/// `rows` of `numbers` numbers, block by block: of each block all rows, filled with zeros to whole vectors.
pub(super) fn pack(rows: &[f32], numbers: usize) -> Cow<'_, [f32]> {
    Arch::new().dispatch(Pack { rows, numbers })
}

struct Pack<'a> {
    rows: &'a [f32],
    numbers: usize,
}

impl<'a> WithSimd for Pack<'a> {
    type Output = Cow<'a, [f32]>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let Self { rows, numbers } = self;
        let is_whole = numbers.is_multiple_of(S::F32_LANES);
        if is_whole && blocks::<S>(numbers).count() == 1 {
            return rows.into();
        }
        let depth = rows.len() / numbers;
        let mut packed = vec![0.0; depth * numbers.next_multiple_of(S::F32_LANES)];
        for (vector, width) in blocks::<S>(numbers) {
            let first = vector * S::F32_LANES;
            let len = (width * S::F32_LANES).min(numbers - first);
            let block = packed[first * depth..].chunks_exact_mut(width * S::F32_LANES);
            for (to, row) in block.zip(rows.chunks_exact(numbers)) {
                to[..len].copy_from_slice(&row[first..first + len]);
            }
        }
        packed.into()
    }
}

/// Of what [`pack`] packed of `depth` rows, the block of `V` vectors from `vector` on, row by row.
#[inline(always)]
pub(super) fn packed<S: Simd, const V: usize>(
    packed: &[f32],
    depth: usize,
    vector: usize,
) -> &[[S::f32s; V]] {
    let (vectors, _) = S::as_simd_f32s(packed);
    vectors[vector * depth..(vector + V) * depth].as_chunks().0
}

/// Adds to each row of `sums` the products of the numbers of `rows` with the vectors of `by`, one after another.
#[inline(always)]
pub(super) fn add<S: Simd, const R: usize, const V: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; R],
    rows: [&[f32]; R],
    by: &[[S::f32s; V]],
) {
    let mut all = *sums;
    // Several at a time: their rows' ends are checked once.
    let (many, rest) = by.as_chunks::<MANY>();
    let heads = rows.map(|row| &row.as_chunks::<MANY>().0[..many.len()]);
    for (i, by) in many.iter().enumerate() {
        let x: [&[f32; MANY]; R] = std::array::from_fn(|r| &heads[r][i]);
        for k in 0..MANY {
            step(simd, &mut all, std::array::from_fn(|r| x[r][k]), &by[k]);
        }
    }
    for (i, by) in (many.len() * MANY..).zip(rest) {
        step(simd, &mut all, std::array::from_fn(|r| rows[r][i]), by);
    }
    *sums = all;
}

/// Adds to each row of `sums` the products of its number `x` with the vectors of `by`.
#[inline(always)]
pub(super) fn step<S: Simd, const R: usize, const V: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; R],
    x: [f32; R],
    by: &[S::f32s; V],
) {
    for r in 0..R {
        let x = simd.splat_f32s(x[r]);
        for v in 0..V {
            sums[r][v] = simd.mul_add_e_f32s(x, by[v], sums[r][v]);
        }
    }
}

/// Stores `sums` in `rows`, from `vector` on; `more`: adds them to what is there. Rows may end within the last vector.
#[inline(always)]
pub(super) fn put<'a, S: Simd, const R: usize, const V: usize>(
    simd: S,
    rows: impl Iterator<Item = &'a mut [f32]>,
    vector: usize,
    sums: [[S::f32s; V]; R],
    more: bool,
) {
    for (row, sums) in rows.zip(sums) {
        for (to, sum) in row[vector * S::F32_LANES..].chunks_mut(S::F32_LANES).zip(sums) {
            let sum = if more { simd.add_f32s(load(simd, to), sum) } else { sum };
            store(simd, to, sum);
        }
    }
}
