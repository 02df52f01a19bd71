//! The layout of the working memory, a pure function of the layers.

use crate::layer::{Layer, MAX_LAYERS};
use heapless::Vec;

/// Bytes that aligning the scratch may cost: kernels read it in words, but the caller's memory may begin anywhere.
pub(crate) const ALIGNMENT_SLACK: usize = 3;

/// The layout of the working memory: the scratch, which all layers share, then a buffer for each layer's output.
///
/// A layer is either *streamed* row by row through a ring of rows, or *computed whole*, all rows at once. A layer that
/// is computed whole reads its weights once per picture instead of once per row, but needs room for its whole map. The
/// first layers of a generator have small maps and many weights, so the layers computed whole are always the first.
#[derive(Clone, Debug)]
pub struct Plan {
    whole: usize,
    scratch: usize,
    buffers: Vec<Buffer, MAX_LAYERS>,
    bytes: usize,
}

/// Where a layer's output lies in the working memory: a whole map, or a ring of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// First byte, counted from the end of the scratch.
    pub offset: usize,
    /// Rows held at once; row `y` of the map lies in slot `y % rows`.
    pub rows: usize,
    /// Bytes of one row.
    pub row_len: usize,
}

impl Buffer {
    /// Bytes of the buffer. Saturates: a hostile file may ask for more than can be addressed.
    pub const fn bytes(&self) -> usize {
        self.rows.saturating_mul(self.row_len)
    }
}

impl Plan {
    /// Lays out the memory of `layers`, at most [`MAX_LAYERS`], of which the first `whole` are computed whole. The
    /// last layer is always streamed.
    ///
    /// A streamed layer needs as many rows of its input as one output row reads ([`Axis::window`]). The last layer's
    /// buffer is one row of the picture. The scratch has room for the input rows of the layer that needs most, in 16
    /// bits per element. A whole map is free again once the next map is complete, so maps alternate between the back
    /// and the front; the last one is at the front, and the rings follow it.
    ///
    /// [`Axis::window`]: crate::axis::Axis::window
    pub fn new(layers: &[Layer<'_>], whole: usize) -> Self {
        let whole = whole.min(layers.len().min(MAX_LAYERS).saturating_sub(1));
        let scratch = |(i, layer): (usize, &Layer<'_>)| {
            let rows = if i < whole { layer.rows.input } else { layer.rows.window() };
            // The bytes of a row fit 32 bits, because sides are within DIMENSION_LIMIT.
            rows.saturating_mul(4 * layer.columns.input * layer.order().depth())
        };
        let scratch = layers.iter().enumerate().map(scratch).max().unwrap_or(0);
        let mut plan = Self { whole, scratch, buffers: Vec::new(), bytes: 0 };
        let (mut maps, mut rings, mut last) = (0_usize, 0_usize, 0);
        for (i, layer) in layers.iter().enumerate() {
            let rows = match layers.get(i + 1) {
                _ if i < whole => layer.rows.output,
                Some(next) => next.rows.window(),
                None => 1,
            };
            let buffer = Buffer { offset: rings, rows, row_len: layer.output_row() };
            if i < whole {
                maps = maps.max(buffer.bytes().saturating_add(last));
                last = buffer.bytes();
                rings = if i + 1 == whole { last } else { 0 };
            } else {
                rings = rings.saturating_add(buffer.bytes());
            }
            // Cannot fail: a model has at most MAX_LAYERS layers.
            let _ = plan.buffers.push(buffer);
        }
        let mut next = whole;
        while let Some(back) = next.checked_sub(2) {
            plan.buffers[back].offset = maps - plan.buffers[back].bytes();
            next = back;
        }
        plan.bytes = maps.max(rings).saturating_add(scratch).saturating_add(ALIGNMENT_SLACK);
        plan
    }

    /// Number of layers, from the first on, that are computed whole.
    pub const fn whole(&self) -> usize {
        self.whole
    }

    /// Bytes of the scratch, which begins at a multiple of 4 bytes.
    pub const fn scratch(&self) -> usize {
        self.scratch
    }

    /// One buffer per layer, in order. Each is the next layer's input; the last is the picture's row.
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// Bytes of working memory in total.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}
