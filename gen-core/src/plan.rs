//! Working memory, as a pure function of the model.

use crate::layer::Layer;
use crate::model::MAX_LAYERS;
use heapless::Vec;

/// Kernels read whole words; the memory given may begin anywhere.
const ALIGNMENT_SLACK: usize = 3;

/// Where things live in the working memory: first the scratch that all layers share, then a ring of
/// rows for each layer's output.
#[derive(Clone, Debug)]
pub struct Plan {
    scratch: usize,
    buffers: Vec<Buffer, MAX_LAYERS>,
    bytes: usize,
}

/// A ring of rows in the working memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// First byte, behind the scratch.
    pub offset: usize,
    /// Rows held at once.
    pub rows: usize,
    /// Bytes of one row.
    pub row_len: usize,
}

impl Plan {
    /// Plans `layers`: each holds as many rows of its input as one of its output rows needs, and
    /// the last adds one row, the picture's. The scratch has the rows of the hungriest, as 16-bit
    /// numbers.
    pub(crate) fn new(layers: &[Layer<'_>]) -> Self {
        let scratch = |layer: &Layer<'_>| {
            let row = layer.columns.input.saturating_mul(4 * layer.order().depth());
            layer.rows.window().saturating_mul(row)
        };
        let scratch = layers.iter().map(scratch).max().unwrap_or(0);
        let mut plan = Self { scratch, buffers: Vec::new(), bytes: 0 };
        for (i, layer) in layers.iter().enumerate() {
            let rows = layers.get(i + 1).map_or(1, |next| next.rows.window());
            let buffer = Buffer { offset: plan.bytes, rows, row_len: layer.output().row() };
            // A hostile file may ask for more than can be addressed; no memory is that large.
            let bytes = rows.saturating_mul(buffer.row_len);
            plan.bytes = plan.bytes.saturating_add(bytes);
            // A model has no more layers than there is room for.
            let _ = plan.buffers.push(buffer);
        }
        plan.bytes = plan.bytes.saturating_add(scratch).saturating_add(ALIGNMENT_SLACK);
        plan
    }

    /// Bytes of the scratch, which begins at a multiple of 4 bytes.
    pub const fn scratch(&self) -> usize {
        self.scratch
    }

    /// Most bytes that are left unused in front of it.
    pub(crate) const fn slack(&self) -> usize {
        ALIGNMENT_SLACK
    }

    /// One buffer per layer, in order: the next layer's input window, or the finished row.
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// Bytes of working memory in total.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}
