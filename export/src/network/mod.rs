//! The imported network: a chain of layers in float.
//!
//! - [`operation`], [`function`]: operations on single elements
//! - [`fold`](mod@fold): BatchNorm and biases folded into weights, a bias and one activation
//! - [`ending`]: the pixel rule, from the last activation
//! - [`float`]: runs the network, with the sums of `sums`
//! - [`linear`]: layers as ONNX nodes
//! - [`quantization`]: how a tensor is quantised

pub mod ending;
pub mod float;
pub mod fold;
pub mod function;
pub mod linear;
#[cfg(test)]
pub(crate) mod naive;
pub mod operation;
pub mod quantization;
mod sums;

use crate::network::operation::Step;
use crate::onnx::input::Input;
use gen_core::axis::{Axis, Convolution};
use gen_core::element::{Element, Weight};
use gen_core::format::DIMENSION_LIMIT;
use gen_core::format::write::{DraftActivation, DraftLayer, DraftPart};
use std::str::FromStr;
use tract_onnx::pb::ValueInfoProto;

/// A generator as a chain of float layers.
#[derive(Clone, Debug)]
pub struct Network {
    /// The graph's inputs that take parts of the latent, in the graph's order.
    pub inputs: Vec<Input>,
    /// The graph's other inputs, which take the label that was fixed.
    pub fixed: Vec<Input>,
    /// The declaration of the graph's output.
    pub output: ValueInfoProto,
    /// The batch that the graph declares; 1 if it is free.
    pub batch: usize,
    /// The latent's parts, in order.
    pub latent: Vec<DraftPart>,
    /// Shape and order of the graph's output.
    pub picture: Order,
    /// The layers, first to last.
    pub layers: Vec<Layer>,
    /// Number of layers at the end that only move pixels, or apply steps that did not fit into one epilogue.
    pub trailing_layers: usize,
    /// What was assumed or replaced, a sentence each, for the user to check.
    pub notes: Vec<String>,
}

/// Largest side of a kernel, stride and padding of a `.gen` file.
pub(crate) const KERNEL_LIMIT: usize = u8::MAX as usize;

/// Shape and order of the picture that a graph outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Shape of the output, including the batch of 1.
    pub shape: Vec<usize>,
    /// Whether the order is `[row][column][channel]` instead of `[channel][row][column]`.
    pub interleaved: bool,
}

impl FromStr for Order {
    type Err = &'static str;

    /// Parses the sizes of one picture: `3x32x32`, or `32x32x3` where the channels come last.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let size = |text: &str| text.parse().ok().filter(|it| (1..=DIMENSION_LIMIT).contains(it));
        let sizes: Option<Vec<usize>> = text.split(['x', '×']).map(size).collect();
        let interleaved = match sizes.as_deref() {
            Some([1 | 3, _, _]) => false,
            Some([_, _, 1 | 3]) => true,
            _ => return Err("possible: 1xHxW, 3xHxW, HxWx1, HxWx3; for example 3x32x32"),
        };
        let shape = [1].into_iter().chain(sizes.unwrap_or_default()).collect();
        Ok(Self { shape, interleaved })
    }
}

/// A linear operation and the steps that follow it, up to the next linear operation.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Name of the linear operation's node.
    pub name: String,
    /// Kind of the linear operation in the graph.
    pub kind: LayerKind,
    /// Geometry along the rows.
    pub rows: Axis,
    /// Geometry along the columns.
    pub columns: Axis,
    /// Channels of the input map.
    pub channels_in: usize,
    /// Channels of the output map.
    pub channels_out: usize,
    /// Weights, `[out][kernel row][kernel column][in]`.
    pub weights: Vec<f32>,
    /// Operations on single elements that follow, in order: bias, BatchNorm, activations.
    pub steps: Vec<Step>,
}

/// The linear operation of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// Dense layer on a 1×1 map. It is stored as a transposed convolution whose kernel has the size of the output, so
    /// that every feature has its own weights.
    Dense,
    /// Transposed convolution.
    Transposed,
    /// Plain convolution.
    Plain,
}

impl Network {
    /// Number of elements of a latent.
    pub fn latent_len(&self) -> usize {
        self.latent.iter().map(|part| part.len).sum()
    }

    /// The picture's height, width and channels.
    pub fn image(&self) -> [usize; 3] {
        self.last().output()
    }

    /// The steps that end the network: those of the last layer with weights of its own and of all layers after it.
    pub(crate) fn ending(&self) -> impl DoubleEndedIterator<Item = &Step> {
        let first = self.layers.len() - 1 - self.trailing_layers;
        self.layers[first..].iter().flat_map(|layer| &layer.steps)
    }

    /// The last layer, which every network has.
    pub fn last(&self) -> &Layer {
        &self.layers[self.layers.len() - 1]
    }
}

impl Layer {
    /// A convolution along `axes`, rows and columns, with `weights` as in [`Layer::weights`]. `channels`: in and out.
    pub(crate) fn convolution(
        name: &str,
        [rows, columns]: [Axis; 2],
        [channels_in, channels_out]: [usize; 2],
        weights: Vec<f32>,
    ) -> Self {
        let kind = match rows.convolution {
            Convolution::Transposed => LayerKind::Transposed,
            Convolution::Plain => LayerKind::Plain,
        };
        let (name, steps) = (name.to_owned(), Vec::new());
        Self { name, kind, rows, columns, channels_in, channels_out, weights, steps }
    }

    /// A dense layer of `inputs` that gives `output`: height, width, channels.
    pub(crate) fn dense(name: &str, inputs: usize, output: [usize; 3], weights: Vec<f32>) -> Self {
        let [height, width, channels] = output;
        let axes = [Self::dense_axis(height), Self::dense_axis(width)];
        let layer = Self::convolution(name, axes, [inputs, channels], weights);
        Self { kind: LayerKind::Dense, ..layer }
    }

    /// Name of the node that gives its output.
    pub(crate) fn end(&self) -> &str {
        self.steps.last().map_or(&self.name, |step| &step.node)
    }

    /// Number of elements of the output map.
    pub fn features(&self) -> usize {
        self.rows.output * self.columns.output * self.channels_out
    }

    /// A layer of a `.gen` file with this geometry, still without numbers.
    pub(crate) fn draft(&self) -> DraftLayer {
        DraftLayer {
            convolution: self.rows.convolution,
            output: self.output(),
            kernel: [self.rows.kernel, self.columns.kernel],
            stride: [self.rows.stride, self.columns.stride],
            pad: [self.rows.pad, self.columns.pad],
            zero_point: 0,
            element: Element::Byte,
            weight: Weight::Byte,
            weights: Vec::new(),
            per_feature: false,
            multipliers: Vec::new(),
            constants: Vec::new(),
            activation: DraftActivation::Clamp,
        }
    }

    /// The output's height, width and channels. Maps are HWC from here on; only ONNX and pictures are CHW.
    pub fn output(&self) -> [usize; 3] {
        [self.rows.output, self.columns.output, self.channels_out]
    }

    /// Number of weights of one output channel, which are `[kernel row][kernel column][in]`.
    pub fn channel_len(&self) -> usize {
        self.rows.kernel * self.columns.kernel * self.channels_in
    }

    /// The axis of a dense layer with `output` rows or columns.
    pub(crate) fn dense_axis(output: usize) -> Axis {
        let convolution = Convolution::Transposed;
        Axis { convolution, input: 1, output, kernel: output, stride: 1, pad: 0 }
    }
}
