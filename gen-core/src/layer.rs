//! One layer of a parsed model: geometry, weights in flash, epilogue.

use crate::axis::Axis;
use crate::element::{Element, Weight};
use crate::requant::Epilogue;
use crate::shape::Shape;
use crate::weights::{Order, Word};

/// Most layers of a model.
pub const MAX_LAYERS: usize = 16;

/// A convolution and its epilogue (bias, BatchNorm, activation, requantisation).
///
/// A dense layer is a transposed convolution of a 1×1 map, with a kernel as large as its output.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// Geometry along the rows.
    pub(crate) rows: Axis,
    /// Geometry along the columns.
    pub(crate) columns: Axis,
    pub(crate) channels_in: usize,
    pub(crate) channels_out: usize,
    /// Quantised value that stands for 0 in the input, and that pads its borders.
    pub(crate) zero_point: u8,
    /// Element type of the output.
    pub(crate) element: Element,
    pub(crate) weight: Weight,
    /// In the order of [`weights`](crate::weights).
    pub(crate) weights: &'a [Word],
    pub(crate) epilogue: Epilogue<'a>,
    /// Whether the epilogue has parameters for each feature (`height·width·channels_out`, HWC) instead of for each
    /// channel.
    pub(crate) per_feature: bool,
}

impl<'a> Layer<'a> {
    /// Size of the input map.
    pub const fn input(&self) -> Shape {
        Shape { height: self.rows.input, width: self.columns.input, channels: self.channels_in }
    }

    /// Size of the output map.
    pub const fn output(&self) -> Shape {
        Shape { height: self.rows.output, width: self.columns.output, channels: self.channels_out }
    }

    /// Bytes of weights in flash, padding included.
    pub const fn weight_bytes(&self) -> usize {
        4 * self.weights.len()
    }

    /// Multiply-accumulates per picture whose product lands in the output: the unit of all speed figures.
    ///
    /// Products with an inserted zero or with padding are not counted.
    pub fn useful_macs(&self) -> u64 {
        let along = |axis: &Axis| (0..axis.output).map(|o| axis.taps(o).len as u64).sum::<u64>();
        along(&self.rows)
            * along(&self.columns)
            * self.channels_in as u64
            * self.channels_out as u64
    }

    /// Bytes of one row of the output map.
    pub(crate) const fn output_row(&self) -> usize {
        self.output().row() * self.element.bytes()
    }

    /// The sizes that decide the order of the weights.
    pub(crate) const fn order(&self) -> Order {
        Order {
            rows: self.rows,
            columns: self.columns,
            channels_in: self.channels_in,
            channels_out: self.channels_out,
            weight: self.weight,
        }
    }
}

/// For tools, with the feature `writer`.
#[cfg(feature = "writer")]
impl<'a> Layer<'a> {
    /// Geometry along the rows.
    pub const fn rows(&self) -> &Axis {
        &self.rows
    }

    /// Geometry along the columns.
    pub const fn columns(&self) -> &Axis {
        &self.columns
    }

    /// Quantised value that stands for 0 in the input, and that pads its borders.
    pub const fn zero_point(&self) -> u8 {
        self.zero_point
    }

    /// Element type of the output. The last layer's is [`Element::Byte`].
    pub const fn element(&self) -> Element {
        self.element
    }

    /// Type of the weights.
    pub const fn weight(&self) -> Weight {
        self.weight
    }

    /// What turns accumulators into output elements.
    pub const fn epilogue(&self) -> &Epilogue<'a> {
        &self.epilogue
    }

    /// The layer with another element type for its output, to [plan](crate::plan::Plan) what it would need. Its
    /// parameters still are those of the old type, so its pictures mean nothing.
    pub const fn with_element(mut self, element: Element) -> Self {
        self.element = element;
        self.epilogue.element = element;
        self
    }

    /// Weight bytes read from flash per picture: once per output row, or once in total when the layer is computed
    /// `whole` (assuming a block of weights fits in the flash cache).
    pub fn weight_reads(&self, whole: bool) -> u64 {
        let taps = (0..self.rows.output).map(|o| self.rows.taps(o).len as u64).sum::<u64>();
        let rows = self.rows.kernel as u64;
        // Padding may be so large that some taps are never read.
        self.weight_bytes() as u64 * if whole { taps.min(rows) } else { taps } / rows
    }
}
