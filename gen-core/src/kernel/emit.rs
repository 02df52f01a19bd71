//! From sums to the bytes of a row.

use crate::layer::Layer;

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

    /// Writes neighbouring features of one position, the first at `at`, of channel `channel`.
    pub(super) fn features(&mut self, mut at: usize, mut channel: usize, mut sums: &[i32]) {
        let Self { layer, first, ref mut out } = *self;
        while !sums.is_empty() {
            let (number, len) = if layer.per_feature {
                (first + at, sums.len())
            } else {
                // Up to the next phase, where channels begin again.
                (channel, sums.len().min(layer.channels_out - channel))
            };
            let (run, rest) = sums.split_at(len);
            layer.epilogue.apply(number, run, &mut out[at..at + len]);
            (sums, at, channel) = (rest, at + len, 0);
        }
    }
}
