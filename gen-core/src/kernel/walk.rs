//! From blocks of weights to a row: block by block, position by position.

use super::emit::Emit;
use super::scratch::Rows;
use super::tile::{Sums, Tile};
use super::{Input, Job, Kernel, Scratch};
use crate::axis::{Group, Site, Taps};
use crate::layer::Layer;
use crate::weights::{BLOCK, Word};
use core::marker::PhantomData;
use core::ops::Range;

/// The kernel whose innermost loops are those of `K`.
#[derive(Debug)]
pub struct Walk<K>(PhantomData<K>);

/// A block of features, to be computed at all positions of a row.
struct Block<'a> {
    layer: &'a Layer<'a>,
    group: Group,
    /// The row's taps.
    taps: Taps,
    rows: Rows<'a>,
    weights: &'a [Word],
    /// First feature and how many there are.
    first: usize,
    features: usize,
    /// Most planes of one column tap that may be summed at once.
    chunk: usize,
}

impl<K: Tile> Kernel for Walk<K> {
    fn row<T: Input>(job: Job<'_, T>, scratch: &mut Scratch<'_>, out: &mut [u8]) {
        let taps = job.layer.rows.taps(job.y);
        let rows = scratch.expand(&job, &taps, K::ACROSS);
        blocks::<K>(job.layer, taps, rows, T::CHUNK / 2, Emit::new(job.layer, job.y, out));
    }
}

/// Computes all blocks of a row. Not part of the above, so that it is there only once.
#[inline(never)]
fn blocks<K: Tile>(
    layer: &Layer<'_>,
    taps: Taps,
    rows: Rows<'_>,
    chunk: usize,
    mut emit: Emit<'_>,
) {
    let order = layer.order();
    for group in layer.columns.groups() {
        let interior = layer.columns.interior(&group);
        let all = order.features(&group);
        for first in (0..all).step_by(BLOCK) {
            let place = order.block(taps.phase, &group, first);
            let weights = &layer.weights[place.begin..][..place.len];
            let features = (all - first).min(BLOCK);
            let block = Block { layer, group, taps, rows, weights, first, features, chunk };
            match place.pairs {
                1 => block.row::<K, 1>(&interior, &mut emit),
                2 => block.row::<K, 2>(&interior, &mut emit),
                3 => block.row::<K, 3>(&interior, &mut emit),
                _ => block.row::<K, 4>(&interior, &mut emit),
            }
        }
    }
}

impl Block<'_> {
    fn row<K: Tile, const PAIRS: usize>(&self, interior: &Range<usize>, emit: &mut Emit<'_>) {
        let positions = self.layer.columns.positions();
        if !K::ACROSS || self.layer.columns.input_step() != 1 {
            positions.for_each(|m| self.single::<K, PAIRS>(m, emit));
            return;
        }
        (positions.start..interior.start).for_each(|m| self.single::<K, PAIRS>(m, emit));
        let mut m = interior.start;
        while m < interior.end {
            match interior.end - m {
                1 => {
                    self.single::<K, PAIRS>(m, emit);
                    m += 1;
                }
                2 | 4 => {
                    self.tile::<K, PAIRS, 2>(m, emit);
                    m += 2;
                }
                _ => {
                    self.tile::<K, PAIRS, 3>(m, emit);
                    m += 3;
                }
            }
        }
        (interior.end..positions.end).for_each(|m| self.single::<K, PAIRS>(m, emit));
    }

    /// One position, wherever it lies.
    fn single<K: Tile, const PAIRS: usize>(&self, m: usize, emit: &mut Emit<'_>) {
        let site = self.site(m);
        let channels = self.layer.channels_out;
        // The features that are neither cropped nor of another block.
        let begin = (site.begin * channels).max(self.first);
        let end = (site.end * channels).min(self.first + self.features);
        if begin >= end {
            return;
        }
        let mut sums = [[0; 2]; PAIRS];
        self.taps_of::<K, PAIRS>(&site, &mut sums);
        let at = site.output * channels + begin - site.begin * channels;
        let range = begin - self.first..end - self.first;
        emit.features(at, 0, begin % channels, range, &[sums]);
    }

    /// What the position reads and writes; nothing is read where no row meets the map.
    #[inline(always)]
    fn site(&self, m: usize) -> Site {
        let site = self.layer.columns.site(&self.group, m);
        let len = if self.rows.planes == 0 { 0 } else { site.len };
        Site { len, ..site }
    }

    /// Adds the products of the column taps of `site`.
    #[inline(always)]
    fn taps_of<K: Tile, const PAIRS: usize>(&self, site: &Site, sums: &mut [Sums; PAIRS]) {
        let planes = self.rows.planes;
        let depth = self.layer.order().depth();
        // Neighbouring columns follow one another in the scratch if planes are innermost, and so do
        // their weights if all the phase's rows lie in the map: then all taps are one.
        let whole = self.rows.plane == 1 && planes == self.taps.count * depth;
        let (steps, planes) =
            if whole { (site.len.min(1), site.len * planes) } else { (site.len, planes) };
        for t in 0..steps {
            let inputs = &self.rows.words[(site.input + t) * self.rows.column..];
            let weights = (site.skip + t) * self.taps.count + self.taps.skip;
            let weights = &self.weights[weights * depth * PAIRS..][..planes * PAIRS];
            for begin in (0..planes).step_by(self.chunk) {
                let end = (begin + self.chunk).min(planes);
                let (inputs, weights) =
                    (&inputs[begin * self.rows.plane..], &weights[begin * PAIRS..end * PAIRS]);
                K::column(inputs, self.rows.plane, weights, sums);
            }
        }
    }

    /// `N` neighbouring positions of the interior.
    fn tile<K: Tile, const PAIRS: usize, const N: usize>(&self, m: usize, emit: &mut Emit<'_>) {
        let site = self.site(m);
        let mut sums = [[[0; 2]; PAIRS]; N];
        let Rows { planes, plane, .. } = self.rows;
        let tap = self.taps.count * self.layer.order().depth() * PAIRS;
        // Two taps at once have twice as many products in a sum.
        let chunk = self.chunk / 2;
        for t in (1..site.len).step_by(2) {
            let (inputs, weights) = (&self.rows.words[site.input + t - 1..], self.tap_from(t - 1));
            for begin in (0..planes).step_by(chunk) {
                let planes = chunk.min(planes - begin);
                for pair in 0..PAIRS {
                    let mut of_pair: [Sums; N] = core::array::from_fn(|n| sums[n][pair]);
                    let weights = &weights[begin * PAIRS + pair..];
                    let inputs = &inputs[begin * plane..];
                    K::across::<PAIRS, N>(inputs, planes, plane, weights, tap, &mut of_pair);
                    for (sums, of_pair) in sums.iter_mut().zip(of_pair) {
                        sums[pair] = of_pair;
                    }
                }
            }
        }
        if site.len % 2 == 1 {
            let last = Site { skip: site.len - 1, len: 1, ..site };
            for (n, sums) in sums.iter_mut().enumerate() {
                self.taps_of::<K, PAIRS>(
                    &Site { input: site.input + site.len - 1 + n, ..last },
                    sums,
                );
            }
        }
        let channels = self.layer.channels_out;
        let at = site.output * channels + self.first;
        let step = self.layer.columns.output_step() * channels;
        emit.features(at, step, self.first % channels, 0..self.features, &sums);
    }

    /// The weights from a column tap on.
    #[inline(always)]
    fn tap_from(&self, tap: usize) -> &[Word] {
        let depth = self.layer.order().depth();
        let pairs = self.features.div_ceil(2);
        &self.weights[(tap * self.taps.count + self.taps.skip) * depth * pairs..]
    }
}
