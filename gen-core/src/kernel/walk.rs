//! From blocks of weights to a row: block by block, position by position.

use super::scratch::Rows;
use super::tile::{POSITIONS, Sums, Taps, Tile};
use super::{Input, Job, Kernel, Scratch};
use crate::axis::Group;
use crate::layer::Layer;
use crate::requant::Scalers;
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
    rows: Rows<'a>,
    /// Whether neighbouring columns follow one another in the scratch, and their weights too: then all
    /// column taps are one.
    joined: bool,
    weights: &'a [Word],
    /// First feature, how many there are, and how many pairs they are.
    first: usize,
    features: usize,
    pairs: usize,
    /// Words of weights from one column tap to the next, and of the row taps that lie outside the map,
    /// in front of those that do not.
    tap: usize,
    skip: usize,
    /// Most planes that may be summed at once.
    chunk: usize,
    scalers: Scalers<'a>,
}

impl<K: Tile> Kernel for Walk<K> {
    fn row<T: Input>(job: Job<'_, T>, scratch: &mut Scratch<'_>, out: &mut [u8]) {
        let taps = job.layer.rows.taps(job.y);
        let rows = scratch.expand::<K, T>(&job, &taps);
        blocks::<K>(job.layer, job.y, rows, T::CHUNK / 2, out);
    }
}

/// Computes all blocks of a row. Not part of the above, so that it is there only once.
#[inline(never)]
fn blocks<K: Tile>(layer: &Layer<'_>, y: usize, rows: Rows<'_>, chunk: usize, out: &mut [u8]) {
    let taps = layer.rows.taps(y);
    let order = layer.order();
    let positions = layer.columns.positions();
    for group in layer.columns.groups() {
        // Where positions are not neighbours in the input every one is by itself.
        let tiled = layer.columns.input_step() == 1;
        let nowhere = positions.start..positions.start;
        let interior = if tiled { layer.columns.interior(&group) } else { nowhere };
        let all = order.features(&group);
        for first in (0..all).step_by(BLOCK) {
            let place = order.block(taps.phase, &group, first);
            let weights = &layer.weights[place.begin..][..place.len];
            let features = (all - first).min(BLOCK);
            let pairs = place.pairs;
            // Those of each position follow where they are needed.
            let known = if layer.per_feature { 0 } else { features };
            let channels = layer.channels_out;
            let scalers = layer.epilogue.block(0..known, first % channels, channels - 1);
            let row = order.depth() * pairs;
            let (tap, skip) = (taps.count * row, taps.skip * row);
            let joined = rows.plane == 1 && taps.len == taps.count;
            let block = Block {
                layer,
                group,
                rows,
                joined,
                weights,
                first,
                features,
                pairs,
                tap,
                skip,
                chunk,
                scalers,
            };
            let outside = (positions.start..interior.start).chain(interior.end..positions.end);
            outside.for_each(|m| block.single::<K>(m, y, out));
            block.tiles::<K>(interior.clone(), y, out);
        }
    }
}

impl Block<'_> {
    /// One position, wherever it lies.
    #[inline(never)]
    fn single<K: Tile>(&self, m: usize, y: usize, out: &mut [u8]) {
        let site = self.layer.columns.site(&self.group, m);
        let channels = self.layer.channels_out;
        // The features that are neither cropped nor of another block.
        let begin = (site.begin * channels).max(self.first);
        let end = (site.end * channels).min(self.first + self.features);
        if begin >= end {
            return;
        }
        let mut sums = [0; BLOCK];
        self.columns::<K>(site.input, site.skip, site.len, &mut sums);
        let at = site.output * channels + begin - site.begin * channels;
        self.emit(&sums, begin - self.first..end - self.first, at, y, out);
    }

    /// Writes features of the block at one position, the first at `at`.
    fn emit(&self, sums: &Sums, features: Range<usize>, at: usize, y: usize, out: &mut [u8]) {
        let number = y * out.len() + at;
        let (first, outputs) = (features.start, &mut out[at..at + features.len()]);
        if self.layer.per_feature {
            let scalers = self.layer.epilogue.block(features, number, usize::MAX);
            scalers.apply(first, sums, outputs);
        } else {
            self.scalers.apply(first, sums, outputs);
        }
    }

    /// The positions of `interior`: 3 at a time, the last 4 as 2 and 2.
    fn tiles<K: Tile>(&self, interior: Range<usize>, y: usize, out: &mut [u8]) {
        let site = self.layer.columns.site(&self.group, interior.start);
        let channels = self.layer.channels_out;
        let step = self.layer.columns.output_step() * channels;
        let (mut input, mut at) = (site.input, site.output * channels + self.first);
        let mut left = interior.len();
        while left > 0 {
            let positions = match left {
                _ if !K::ACROSS => 1,
                1 => 1,
                2 | 4 => 2,
                _ => POSITIONS,
            };
            if positions == 1 {
                let mut sums = [0; BLOCK];
                self.columns::<K>(input, 0, self.group.taps, &mut sums);
                self.emit(&sums, 0..self.features, at, y, out);
                at += step;
            } else {
                let mut sums = [[0; BLOCK]; POSITIONS];
                self.tile::<K>(input, positions, &mut sums);
                for sums in &sums[..positions] {
                    self.emit(sums, 0..self.features, at, y, out);
                    at += step;
                }
            }
            input += positions;
            left -= positions;
        }
    }

    /// Adds the products of all column taps, the first of which meets `input`, at neighbouring
    /// positions.
    #[inline(never)]
    fn tile<K: Tile>(&self, input: usize, positions: usize, sums: &mut [Sums; POSITIONS]) {
        let Rows { words, planes, plane, .. } = self.rows;
        let Self { pairs, tap, .. } = *self;
        // Two taps at once have twice as many products in a sum.
        let chunk = self.chunk / 2;
        let mut t = 0;
        while t + 2 <= self.group.taps && planes > 0 {
            let (mut inputs, mut weights) =
                (&words[input + t..], &self.weights[t * tap + self.skip..]);
            let mut left = planes;
            loop {
                let taps = Taps { words: weights, tap, pairs };
                K::across(inputs, plane, left.min(chunk), taps, sums, positions);
                if left <= chunk {
                    break;
                }
                (inputs, weights) = (&inputs[chunk * plane..], &weights[chunk * pairs..]);
                left -= chunk;
            }
            t += 2;
        }
        for t in t..self.group.taps {
            for (n, sums) in sums[..positions].iter_mut().enumerate() {
                self.columns::<K>(input + t + n, t, 1, sums);
            }
        }
    }

    /// Adds the products of neighbouring column taps, the first of which meets `input`.
    #[inline(never)]
    fn columns<K: Tile>(&self, input: usize, tap: usize, taps: usize, sums: &mut Sums) {
        let planes = self.rows.planes;
        if planes == 0 || taps == 0 {
            return;
        }
        let (times, planes) = if self.joined { (1, taps * planes) } else { (taps, planes) };
        (0..times).for_each(|t| self.column::<K>(input + t, tap + t, planes, sums));
    }

    /// Adds the products of planes from a column tap on.
    #[inline(always)]
    fn column<K: Tile>(&self, input: usize, tap: usize, planes: usize, sums: &mut Sums) {
        let Rows { words, plane, column, .. } = self.rows;
        let mut inputs = &words[input * column..];
        let mut weights = &self.weights[tap * self.tap + self.skip..];
        let mut left = planes;
        while left > 0 {
            let planes = left.min(self.chunk);
            K::column(inputs, plane, planes, weights, self.pairs, sums);
            left -= planes;
            if left > 0 {
                (inputs, weights) = (&inputs[planes * plane..], &weights[planes * self.pairs..]);
            }
        }
    }
}
