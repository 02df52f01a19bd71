//! From sums to the bytes of a row.

use super::tile::Sums;
use crate::layer::Layer;
use core::ops::Range;

/// The output row, for features of one block.
pub(super) struct Emit<'a> {
    layer: &'a Layer<'a>,
    /// Number of the row's first output, where each has its own.
    numbers: usize,
    out: &'a mut [u8],
}

impl<'a> Emit<'a> {
    pub(super) fn new(layer: &'a Layer<'a>, y: usize, out: &'a mut [u8]) -> Self {
        Self { layer, numbers: y * out.len(), out }
    }

    /// Writes the features of `range`, of which `channel` is the channel of the first, at
    /// neighbouring positions, whose outputs of that feature are `step` bytes apart from `at` on.
    /// `sum` gives the sum of a position and a feature.
    #[inline(always)]
    pub(super) fn features<const N: usize, const PAIRS: usize>(
        &mut self,
        at: usize,
        step: usize,
        mut channel: usize,
        range: Range<usize>,
        sums: &[[Sums; PAIRS]; N],
    ) {
        let mut at = at;
        for feature in range {
            if self.layer.per_feature {
                for (n, sums) in sums.iter().enumerate() {
                    let at = at + n * step;
                    let scaler = self.layer.epilogue.scaler(self.numbers + at);
                    self.out[at] = scaler.apply(sums.as_flattened()[feature]);
                }
            } else {
                let scaler = self.layer.epilogue.scaler(channel);
                for (n, sums) in sums.iter().enumerate() {
                    self.out[at + n * step] = scaler.apply(sums.as_flattened()[feature]);
                }
            }
            at += 1;
            channel += 1;
            if channel == self.layer.channels_out {
                channel = 0;
            }
        }
    }
}
