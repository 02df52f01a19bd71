//! One layer of a parsed model: geometry, weights in flash, epilogue.

use crate::axis::Axis;
use crate::element::{Element, Weight};
use crate::requant::Epilogue;
use crate::shape::Shape;
use crate::weights::{Order, Word};

/// Most layers of a model.
pub const MAX_LAYERS: usize = 16;

/// A convolution with everything that follows it. A dense layer is the transposed convolution of a
/// 1×1 map whose kernel is its output's size.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// Geometry along the rows.
    pub rows: Axis,
    /// Geometry along the columns.
    pub columns: Axis,
    /// Channels of the input map.
    pub channels_in: usize,
    /// Channels of the output map.
    pub channels_out: usize,
    /// Quantised value that stands for 0 in the input; borders have it too.
    pub zero_point: u8,
    /// What its output's elements are; pixels, at the last layer, are bytes.
    pub element: Element,
    /// What its weights are.
    pub weight: Weight,
    /// In the order of [`weights`](crate::weights).
    pub(crate) weights: &'a [Word],
    pub(crate) epilogue: Epilogue<'a>,
    /// Whether the epilogue's numbers are per feature (`height·width·out`, HWC) or per channel.
    pub(crate) per_feature: bool,
}

impl<'a> Layer<'a> {
    /// The input map.
    pub const fn input(&self) -> Shape {
        Shape { height: self.rows.input, width: self.columns.input, channels: self.channels_in }
    }

    /// The output map.
    pub const fn output(&self) -> Shape {
        Shape { height: self.rows.output, width: self.columns.output, channels: self.channels_out }
    }

    /// Bytes of a row of the output map.
    pub const fn output_row(&self) -> usize {
        self.output().row() * self.element.bytes()
    }

    /// What follows its sums.
    pub const fn epilogue(&self) -> &Epilogue<'a> {
        &self.epilogue
    }

    /// Bytes of weights, those that only fill up among them.
    pub const fn weight_bytes(&self) -> usize {
        4 * self.weights.len()
    }

    /// Bytes of weights that pass by for a picture: once for every output row, or once in all if the
    /// layer is computed `whole`; as long as a block of them, which is walked through for some positions
    /// after the other, stays in a cache.
    pub fn weight_reads(&self, whole: bool) -> u64 {
        let taps = (0..self.rows.output).map(|o| self.rows.taps(o).len as u64).sum::<u64>();
        let rows = self.rows.kernel as u64;
        // Padding may be such that some are never read.
        self.weight_bytes() as u64 * if whole { taps.min(rows) } else { taps } / rows
    }

    /// Products that really land in the output: what every speed figure is per.
    pub fn useful_macs(&self) -> u64 {
        let along = |axis: &Axis| (0..axis.output).map(|o| axis.taps(o).len as u64).sum::<u64>();
        along(&self.rows)
            * along(&self.columns)
            * self.channels_in as u64
            * self.channels_out as u64
    }

    /// What the order of the weights follows from.
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
