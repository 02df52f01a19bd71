//! One block of features along one output row.

use super::scratch::{Expanded, Rows};
use super::tile::{POSITIONS, Sums, TapPair, Tile};
use crate::axis::Group;
use crate::element::Weight;
use crate::layer::Layer;
use crate::requant::Parameters;
use crate::weights::{self, Word};
use core::ops::Range;
use heapless::Vec;

/// A block of features to compute at all positions of some rows.
pub struct BlockJob<'a> {
    pub(super) layer: &'a Layer<'a>,
    pub(super) group: Group,
    pub(super) weights: &'a [Word],
    /// First feature of the block in its group, number of features, number of pairs.
    pub(super) first: usize,
    pub(super) features: usize,
    pub(super) pairs: usize,
    /// Output elements from one position to the next.
    pub(super) step: usize,
    /// Words of weights from one column tap to the next.
    pub(super) tap: usize,
    /// Most planes that may be accumulated at once.
    pub(super) chunk: usize,
    /// The epilogue's parameters of each feature; none if every position has its own.
    pub(super) parameters: &'a [Parameters],
    /// Whether the epilogue takes the slow path: 12-bit weights or outputs, or parameters per position.
    pub(super) slow_epilogue: bool,
}

/// A block at one output row.
pub struct Line<'a> {
    job: &'a BlockJob<'a>,
    y: usize,
    rows: Rows<'a>,
    /// Words of weights of the row taps that lie above the map.
    skip: usize,
    /// Whether consecutive columns are contiguous in the scratch and in the weights: then all column taps are one run
    /// of planes.
    joined: bool,
}

impl<'a> Line<'a> {
    /// The block of `job` at output row `y`.
    pub(super) fn new(job: &'a BlockJob<'a>, inputs: &Expanded<'a>, y: usize) -> Self {
        let taps = job.layer.rows.taps(y);
        let rows = inputs.rows(&taps);
        let skip = taps.skip * job.layer.order().depth() * job.pairs;
        let joined = rows.plane == 1 && rows.column == rows.planes && taps.len == taps.count;
        Self { job, y, rows, skip, joined }
    }

    /// Computes position `m`, which may lie at a border. *range*: `sums` of the block's features are 0 before and
    /// after.
    #[inline(never)]
    pub(super) fn single<K: Tile>(&self, m: usize, sums: &mut Sums, out: &mut [u8]) {
        let job = self.job;
        let site = job.layer.columns.site(&job.group, m);
        let channels = job.layer.channels_out;
        // The features of this block that are not cropped.
        let begin = (site.begin * channels).max(job.first);
        let end = (site.end * channels).min(job.first + job.features);
        if begin >= end {
            return;
        }
        self.columns::<K>(site.input, site.skip, site.len, sums);
        let at = site.output * channels + begin - site.begin * channels;
        let features = begin - job.first..end - job.first;
        let cropped = features.len() < job.features;
        self.emit(core::slice::from_mut(sums), features, at, out);
        if cropped {
            sums.fill(0);
        }
    }

    /// Computes the outputs of the block's `features` at neighbouring positions, the first output at element `at`.
    #[inline(always)]
    fn emit(&self, sums: &mut [Sums], features: Range<usize>, at: usize, out: &mut [u8]) {
        let BlockJob { layer, parameters, step, slow_epilogue, .. } = *self.job;
        if slow_epilogue {
            return self.emit_slow(sums, features, at, out);
        }
        let (parameters, first) = (&parameters[features.clone()], features.start);
        layer.epilogue.activation.apply_to_bytes(parameters, first, sums, &mut out[at..], step);
    }

    /// As [`emit`](Self::emit), for 12-bit weights or outputs, or parameters per position.
    #[inline(never)]
    fn emit_slow(&self, sums: &mut [Sums], features: Range<usize>, at: usize, out: &mut [u8]) {
        let BlockJob { layer, parameters, step, .. } = *self.job;
        let (epilogue, size) = (&layer.epilogue, layer.element.bytes());
        if layer.weight == Weight::Wide {
            sums.iter_mut().for_each(|sums| weights::recombine(sums, self.job.features));
        }
        if !layer.per_feature {
            let (parameters, first) = (&parameters[features.clone()], features.start);
            return epilogue.apply(parameters, first, sums, &mut out[at * size..], step * size);
        }
        let mut parameters = Vec::new();
        for (n, sums) in sums.iter_mut().enumerate() {
            let at = at + n * step;
            let first = self.y * layer.output().row() + at;
            epilogue.load(features.len(), first, usize::MAX, &mut parameters);
            let (sums, out) = (core::slice::from_mut(sums), &mut out[at * size..]);
            epilogue.apply(&parameters, features.start, sums, out, step * size);
        }
    }

    /// Computes the positions of `interior`, [`POSITIONS`] at a time if the kernel can. *range*: `sums` as in
    /// [`single`](Self::single).
    pub(super) fn tiles<K: Tile>(
        &self,
        interior: Range<usize>,
        sums: &mut [Sums; POSITIONS],
        out: &mut [u8],
    ) {
        let job = self.job;
        let site = job.layer.columns.site(&job.group, interior.start);
        let (mut input, mut at) = (site.input, site.output * job.layer.channels_out + job.first);
        let mut left = interior.len();
        while left > 0 {
            let positions = if K::ACROSS && left >= POSITIONS { POSITIONS } else { 1 };
            if positions == POSITIONS {
                self.tile::<K>(input, sums);
            } else {
                self.columns::<K>(input, 0, job.group.taps, &mut sums[0]);
            }
            self.emit(&mut sums[..positions], 0..job.features, at, out);
            at += positions * job.step;
            input += positions;
            left -= positions;
        }
    }

    /// Adds the products of all column taps at [`POSITIONS`] neighbouring positions. The first tap meets column
    /// `input` at the first position.
    #[inline(never)]
    fn tile<K: Tile>(&self, input: usize, sums: &mut [Sums; POSITIONS]) {
        let job = self.job;
        let Rows { words, planes, plane, .. } = self.rows;
        let BlockJob { pairs, tap, .. } = *job;
        // Two taps at once add twice as many products.
        let chunk = job.chunk / 2;
        let mut t = 0;
        while t + 2 <= job.group.taps && planes > 0 {
            let (mut inputs, mut weights) =
                (&words[input + t..], &job.weights[t * tap + self.skip..]);
            let mut left = planes;
            loop {
                let taps = TapPair { words: weights, tap, pairs };
                K::across(inputs, plane, left.min(chunk), taps, sums);
                if left <= chunk {
                    break;
                }
                (inputs, weights) = (&inputs[chunk * plane..], &weights[chunk * pairs..]);
                left -= chunk;
            }
            t += 2;
        }
        for t in t..job.group.taps {
            for (n, sums) in sums.iter_mut().enumerate() {
                self.columns::<K>(input + t + n, t, 1, sums);
            }
        }
    }

    /// Adds the products of `taps` column taps from `tap` on, which meets column `input`.
    #[inline(never)]
    fn columns<K: Tile>(&self, input: usize, tap: usize, taps: usize, sums: &mut Sums) {
        let planes = self.rows.planes;
        if planes == 0 || taps == 0 {
            return;
        }
        let (times, planes) = if self.joined { (1, taps * planes) } else { (taps, planes) };
        (0..times).for_each(|t| self.column::<K>(input + t, tap + t, planes, sums));
    }

    /// Adds the products of `planes` planes from column tap `tap` on, which meets column `input`.
    #[inline(always)]
    fn column<K: Tile>(&self, input: usize, tap: usize, planes: usize, sums: &mut Sums) {
        let job = self.job;
        let Rows { words, plane, column, .. } = self.rows;
        let mut inputs = &words[input * column..];
        let mut weights = &job.weights[tap * job.tap + self.skip..];
        let mut left = planes;
        while left > 0 {
            let planes = left.min(job.chunk);
            K::column(inputs, plane, planes, weights, job.pairs, sums);
            left -= planes;
            if left > 0 {
                (inputs, weights) = (&inputs[planes * plane..], &weights[planes * job.pairs..]);
            }
        }
    }
}
