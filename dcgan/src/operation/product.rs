//! What both a convolution and its transpose are: the matrix of each output place is the sum of the products of some
//! input matrices with weights.

use std::borrow::Cow;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::patches::Input;
use super::tile::{self, Tiles};

/// For each output place, one after the other, the sum of the products of all its `terms`. A term is a place of `input`,
/// whose matrix is multiplied, and the tap whose weights it is multiplied with. `weights` are
/// `[tap][input channel][output channel]`; `sizes` are the numbers of pictures, input channels and output channels.
pub(super) fn products(
    terms: &[Vec<(usize, usize)>],
    input: &Input,
    weights: &[f32],
    sizes: [usize; 3],
) -> Vec<f32> {
    let [n, depth, channels] = sizes;
    let packed: Vec<Cow<[f32]>> =
        weights.par_chunks(depth * channels).map(|tap| tile::pack(tap, channels)).collect();
    let mut all = vec![0.0; terms.len() * n * channels];
    terms.par_iter().zip(all.par_chunks_mut(n * channels)).for_each(|(terms, to)| {
        let matrices: Vec<Cow<[f32]>> = terms.iter().map(|term| input.matrix(term.0)).collect();
        let factors = matrices.iter().zip(terms).map(|(x, term)| (&x[..], &packed[term.1][..]));
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
        let first = vector * S::F32_LANES;
        let rows = self.to[row * self.channels..].chunks_exact_mut(self.channels);
        for (to, sums) in rows.zip(sums) {
            tile::put(simd, &mut to[first..], sums);
        }
    }
}
