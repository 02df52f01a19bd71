//! A block of weights at an output row, position by position.

use super::scratch::{Expanded, Rows};
use super::tile::{POSITIONS, Sums, Taps, Tile};
use crate::axis::Group;
use crate::layer::Layer;
use crate::requant::Scalers;
use crate::weights::{BLOCK, Word};
use core::ops::Range;

/// A block of features, to be computed at all positions of some rows.
pub struct Block<'a> {
    pub(super) layer: &'a Layer<'a>,
    pub(super) group: Group,
    pub(super) weights: &'a [Word],
    /// First feature, how many there are, and how many pairs they are.
    pub(super) first: usize,
    pub(super) features: usize,
    pub(super) pairs: usize,
    /// Words of weights from one column tap to the next.
    pub(super) tap: usize,
    /// Most planes that may be summed at once.
    pub(super) chunk: usize,
    pub(super) scalers: Scalers<'a>,
}

/// A block at a row.
pub struct Line<'a> {
    block: &'a Block<'a>,
    y: usize,
    rows: Rows<'a>,
    /// Words of weights of the row taps that lie outside the map, in front of those that do not.
    skip: usize,
    /// Whether neighbouring columns follow one another in the scratch, and their weights too: then all
    /// column taps are one.
    joined: bool,
}

impl<'a> Line<'a> {
    /// The block at output row `y`.
    pub(super) fn new(block: &'a Block<'a>, inputs: &Expanded<'a>, y: usize) -> Self {
        let taps = block.layer.rows.taps(y);
        let rows = inputs.rows(&taps);
        let skip = taps.skip * block.layer.order().depth() * block.pairs;
        let joined = rows.plane == 1 && rows.column == rows.planes && taps.len == taps.count;
        Self { block, y, rows, skip, joined }
    }

    /// One position, wherever it lies.
    #[inline(never)]
    pub(super) fn single<K: Tile>(&self, m: usize, out: &mut [u8]) {
        let block = self.block;
        let site = block.layer.columns.site(&block.group, m);
        let channels = block.layer.channels_out;
        // The features that are neither cropped nor of another block.
        let begin = (site.begin * channels).max(block.first);
        let end = (site.end * channels).min(block.first + block.features);
        if begin >= end {
            return;
        }
        let mut sums = [0; BLOCK];
        self.columns::<K>(site.input, site.skip, site.len, &mut sums);
        let at = site.output * channels + begin - site.begin * channels;
        self.emit(&sums, begin - block.first..end - block.first, at, out);
    }

    /// Writes features of the block at one position, the first at `at`.
    fn emit(&self, sums: &Sums, features: Range<usize>, at: usize, out: &mut [u8]) {
        let block = self.block;
        let number = self.y * out.len() + at;
        let (first, outputs) = (features.start, &mut out[at..at + features.len()]);
        if block.layer.per_feature {
            let scalers = block.layer.epilogue.block(features, number, usize::MAX);
            scalers.apply(first, sums, outputs);
        } else {
            block.scalers.apply(first, sums, outputs);
        }
    }

    /// The positions of `interior`: 3 at a time, the last 4 as 2 and 2.
    pub(super) fn tiles<K: Tile>(&self, interior: Range<usize>, out: &mut [u8]) {
        let block = self.block;
        let site = block.layer.columns.site(&block.group, interior.start);
        let channels = block.layer.channels_out;
        let step = block.layer.columns.output_step() * channels;
        let (mut input, mut at) = (site.input, site.output * channels + block.first);
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
                self.columns::<K>(input, 0, block.group.taps, &mut sums);
                self.emit(&sums, 0..block.features, at, out);
                at += step;
            } else {
                let mut sums = [[0; BLOCK]; POSITIONS];
                self.tile::<K>(input, positions, &mut sums);
                for sums in &sums[..positions] {
                    self.emit(sums, 0..block.features, at, out);
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
        let block = self.block;
        let Rows { words, planes, plane, .. } = self.rows;
        let Block { pairs, tap, .. } = *block;
        // Two taps at once have twice as many products in a sum.
        let chunk = block.chunk / 2;
        let mut t = 0;
        while t + 2 <= block.group.taps && planes > 0 {
            let (mut inputs, mut weights) =
                (&words[input + t..], &block.weights[t * tap + self.skip..]);
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
        for t in t..block.group.taps {
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
        let block = self.block;
        let Rows { words, plane, column, .. } = self.rows;
        let mut inputs = &words[input * column..];
        let mut weights = &block.weights[tap * block.tap + self.skip..];
        let mut left = planes;
        while left > 0 {
            let planes = left.min(block.chunk);
            K::column(inputs, plane, planes, weights, block.pairs, sums);
            left -= planes;
            if left > 0 {
                (inputs, weights) = (&inputs[planes * plane..], &weights[planes * block.pairs..]);
            }
        }
    }
}
