//! Working memory, as a pure function of the model.

use crate::layer::{Layer, MAX_LAYERS};
use heapless::Vec;

/// Kernels read whole words; the memory given may begin anywhere.
const ALIGNMENT_SLACK: usize = 3;

/// Where things live in the working memory: first the scratch that all layers share, then a buffer
/// for each layer's output.
///
/// The first layers may be computed whole, one after the other: that reads their weights once a
/// picture instead of once a row, and wants their maps whole. All others stream through rings of rows.
/// Maps are small and weights many at the front of a generator, so it is always the front that is whole.
#[derive(Clone, Debug)]
pub struct Plan {
    whole: usize,
    scratch: usize,
    buffers: Vec<Buffer, MAX_LAYERS>,
    bytes: usize,
}

/// A layer's output in the working memory: its whole map, or a ring of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// First byte, behind the scratch.
    pub offset: usize,
    /// Rows held at once.
    pub rows: usize,
    /// Bytes of one row.
    pub row_len: usize,
}

impl Buffer {
    /// Bytes. A hostile file may ask for more than can be addressed; no memory is that large.
    pub const fn bytes(&self) -> usize {
        self.rows.saturating_mul(self.row_len)
    }
}

impl Plan {
    /// Plans `layers`, at most [`MAX_LAYERS`], the first `whole` of which are computed whole; the last
    /// never is.
    ///
    /// A layer that streams holds as many rows of its input as one of its output rows needs, and the
    /// last adds one row, the picture's. The scratch has the rows of the hungriest, as 16-bit numbers.
    /// Whole maps lie at the front and at the back in turn, as each is done with when the next but
    /// one begins; the last of them in front, and the rings behind it.
    pub fn new(layers: &[Layer<'_>], whole: usize) -> Self {
        let whole = whole.min(layers.len().min(MAX_LAYERS).saturating_sub(1));
        let scratch = |(i, layer): (usize, &Layer<'_>)| {
            let rows = if i < whole { layer.rows.input } else { layer.rows.window() };
            // A row's bytes fit 32 bits: sides are within the format's limit.
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
            // A model has no more layers than there is room for.
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

    /// How many layers, from the first on, are computed whole.
    pub const fn whole(&self) -> usize {
        self.whole
    }

    /// Bytes of the scratch, which begins at a multiple of 4 bytes.
    pub const fn scratch(&self) -> usize {
        self.scratch
    }

    /// Most bytes that are left unused in front of it.
    pub(crate) const fn slack(&self) -> usize {
        ALIGNMENT_SLACK
    }

    /// One buffer per layer, in order: the next layer's input, or the finished row.
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// Bytes of working memory in total.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}
