//! The gradient of the weights of both a convolution and its transpose.

use std::borrow::Cow;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::{Axis, Geometry};
use super::tile::{self, Tiles};
use super::windows::Windows;

/// Small elements whose products are summed before they are added to those of others.
const OUTPUTS: usize = 64;

/// The sums, over a batch, of the products of each small element with the elements of the big maps that its kernel
/// meets, in the order of the weights.
pub(super) fn weight_gradient(geometry: &Geometry, big: &[f32], small: &[f32]) -> Vec<f32> {
    let g = geometry;
    let channels = g.small.channels;
    let axis = g.small_meets();
    // Whole pictures, and of them some small elements at a time.
    let pictures = OUTPUTS.div_ceil(g.small.size * g.small.size);
    let groups = small.par_chunks(pictures * g.small.len());
    let parts = groups.flat_map_iter(|small| small.chunks(OUTPUTS * channels));
    let packed: Vec<Cow<[f32]>> = parts.map(|small| tile::pack(small, channels)).collect();
    let blocks = tile::blocks(channels);
    let tasks = (0..g.kernel * blocks.len()).into_par_iter().map(|task| {
        let (y, channels) = (task / blocks.len(), blocks[task % blocks.len()].clone());
        let row = Axis { first: axis.first + y as isize, taps: 1, ..axis };
        let windows = Windows::new(g.big, row, axis);
        let mut sums = vec![0.0; windows.run * channels.len()];
        let mut packed = packed.iter();
        for big in big.chunks(pictures * g.big.len()) {
            let edges = windows.edges(big);
            for windows in windows.rows(big, &edges).chunks(OUTPUTS) {
                let packed = packed.next().expect("as many small elements");
                let (channels, sums) = (channels.clone(), &mut sums);
                Arch::new().dispatch(Part { windows, packed, channels, sums });
            }
        }
        sums
    });
    // Of each row of the kernel and block of channels: [kernel column][big channel][small channel].
    let sums: Vec<Vec<f32>> = tasks.collect();
    let mut gradient = vec![0.0; g.weights()];
    let of_small = gradient.par_chunks_mut(g.big.channels * g.kernel * g.kernel);
    of_small.enumerate().for_each(|(o, gradient)| {
        let block = blocks.partition_point(|block| block.end <= o);
        let Range { start, end } = blocks[block];
        for (c, gradient) in gradient.chunks_exact_mut(g.kernel * g.kernel).enumerate() {
            for (y, gradient) in gradient.chunks_exact_mut(g.kernel).enumerate() {
                let sums = &sums[y * blocks.len() + block];
                for (x, gradient) in gradient.iter_mut().enumerate() {
                    *gradient = sums[(x * g.big.channels + c) * (end - start) + o - start];
                }
            }
        }
    });
    gradient
}

/// What some small elements add to sums of one row of the kernel.
struct Part<'a> {
    /// The rows of the big maps that each small element meets.
    windows: &'a [&'a [f32]],
    packed: &'a [f32],
    /// Those of the small elements.
    channels: Range<usize>,
    /// `[number of the window][small channel]`
    sums: &'a mut [f32],
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let rows = self.windows[0].len();
        tile::cover(simd, rows, self.channels.clone(), &mut self);
    }
}

impl<S: Simd> Tiles<S> for Part<'_> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(&mut self, simd: S, row: usize, vector: usize) {
        let by = tile::packed::<S, V>(self.packed, self.windows.len(), vector);
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (window, by) in self.windows.iter().zip(by) {
            let x: &[f32] = &window[row..][..R];
            for r in 0..R {
                let x = simd.splat_f32s(x[r]);
                for v in 0..V {
                    sums[r][v] = simd.mul_add_e_f32s(x, by[v], sums[r][v]);
                }
            }
        }
        let width = self.channels.len();
        let rows = self.sums[row * width..].chunks_exact_mut(width);
        for (to, sums) in rows.zip(sums) {
            tile::put_more(simd, to, sums);
        }
    }
}
