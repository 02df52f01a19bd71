//! From sums to the bytes of a row.

use super::tile::Sums;
use crate::layer::Layer;
use core::ops::Range;

/// An output row.
pub(super) struct Emit<'a> {
    layer: &'a Layer<'a>,
    /// Number of the row's first output, where each has its own.
    first: usize,
    out: &'a mut [u8],
}

impl<'a> Emit<'a> {
    pub(super) fn new(layer: &'a Layer<'a>, y: usize, out: &'a mut [u8]) -> Self {
        Self { layer, first: y * out.len(), out }
    }

    /// Writes the features of `range` at neighbouring positions, those of `sums`, whose outputs of
    /// the same feature are `step` bytes apart: the first at `at`, of channel `channel`.
    #[inline(never)]
    pub(super) fn features(
        &mut self,
        at: usize,
        step: usize,
        mut channel: usize,
        range: Range<usize>,
        sums: &[Sums],
    ) {
        let epilogue = &self.layer.epilogue;
        for (at, feature) in (at..).zip(range) {
            let outputs = self.out[at..].iter_mut().step_by(step);
            let sums = sums.iter().map(|sums| sums[feature]);
            if self.layer.per_feature {
                for (n, (byte, sum)) in outputs.zip(sums).enumerate() {
                    *byte = epilogue.scaler(self.first + at + n * step).apply(sum);
                }
            } else {
                epilogue.scaler(channel).apply_all(sums, outputs);
            }
            channel += 1;
            if channel == self.layer.channels_out {
                channel = 0;
            }
        }
    }
}
