//! What both a convolution and its transpose are: the matrix of each output place is the sum of the products of some
//! input matrices with weights.

use std::borrow::Cow;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::Meeting;
use super::patches::Input;
use super::tile::{self, Tiles};

/// For each output place, one after the other, the sum of the products of all its `meetings`: of the matrix of the input
/// place, `place` of the meeting, with the weights of the tap. `weights` are `[tap][input channel][output channel]`;
/// `sizes` are the numbers of pictures, input channels and output channels.
pub(super) fn products(
    meetings: &[Vec<Meeting>],
    place: fn(&Meeting) -> usize,
    input: &Input,
    weights: &[f32],
    sizes: [usize; 3],
) -> Vec<f32> {
    let [n, depth, channels] = sizes;
    let packed: Vec<Cow<[f32]>> =
        weights.par_chunks(depth * channels).map(|tap| tile::pack(tap, channels)).collect();
    let mut all = vec![0.0; meetings.len() * n * channels];
    meetings.par_iter().zip(all.par_chunks_mut(n * channels)).for_each(|(meetings, to)| {
        let matrices: Vec<Cow<[f32]>> = meetings.iter().map(|it| input.matrix(place(it))).collect();
        let factors = matrices.iter().zip(meetings).map(|(x, it)| (&x[..], &packed[it.tap][..]));
        let factors: &[(&[f32], &[f32])] = &factors.collect::<Vec<_>>();
        Arch::new().dispatch(Sum { factors, depth, channels, to });
    });
    all
}

/// Computes the sum of the products of pairs of matrices, the second of each [packed](tile::pack).
struct Sum<'a> {
    factors: &'a [(&'a [f32], &'a [f32])],
    /// Columns of the first factors, rows of the second ones.
    depth: usize,
    /// Columns of the second factors and of the sum.
    channels: usize,
    to: &'a mut [f32],
}

impl WithSimd for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (rows, channels) = (self.to.len() / self.channels, self.channels);
        tile::cover(simd, rows, channels, &mut self);
    }
}

impl<S: Simd> Tiles<S> for Sum<'_> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(&mut self, simd: S, row: usize, vector: usize) {
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (x, packed) in self.factors {
            let rows = &x[row * self.depth..][..R * self.depth];
            let rows = std::array::from_fn(|r| &rows[r * self.depth..][..self.depth]);
            tile::add(simd, &mut sums, rows, tile::packed::<S, V>(packed, self.depth, vector));
        }
        let rows = self.to[row * self.channels..].chunks_exact_mut(self.channels);
        tile::put(simd, rows, vector, sums, false);
    }
}
