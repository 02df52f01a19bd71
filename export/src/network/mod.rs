//! What was read from an ONNX graph: a chain of layers in float.

pub mod ending;
pub mod float;
pub mod fold;
pub mod function;
pub mod linear;
#[cfg(test)]
pub(crate) mod naive;
pub mod operation;
pub mod quantization;

use crate::network::operation::Step;
use crate::onnx::input::Input;
use gen_core::axis::{Axis, Convolution};
use gen_core::element::{Element, Weight};
use gen_core::format::write::{DraftActivation, DraftLayer, DraftPart};
use tract_onnx::pb::ValueInfoProto;

/// A generator, layer by layer, still in float.
#[derive(Clone, Debug)]
pub struct Network {
    /// The graph's inputs that take part of the latent, in its order.
    pub inputs: Vec<Input>,
    /// Inputs beside them that take the label that is drawn.
    pub fixed: Vec<Input>,
    /// The graph's output as it is declared there.
    pub output: ValueInfoProto,
    /// The latent's parts.
    pub latent: Vec<DraftPart>,
    /// How the graph gives a picture.
    pub picture: Order,
    /// First to last.
    pub layers: Vec<Layer>,
}

/// How a graph gives a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its shape, batch included, which is 1.
    pub shape: Vec<usize>,
    /// Whether the channels of a pixel lie together.
    pub interleaved: bool,
    /// How many layers at the end only move pixels, or do to them what one epilogue could not.
    pub behind: usize,
}

impl Order {
    /// The picture's height, width, channels, as written there.
    pub(crate) fn image(text: &str) -> Option<[usize; 3]> {
        let mut sizes = text.split(' ').map_while(|size| size.parse().ok());
        Some([sizes.next()?, sizes.next()?, sizes.next()?])
    }

    /// Whether the channels of a pixel lie together, as written there.
    pub(crate) fn interleaved(text: &str) -> bool {
        text.ends_with("HWC")
    }
}

/// A linear operation with what follows it up to the next one.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Name of the linear operation's node.
    pub name: String,
    /// What it was in the graph.
    pub kind: LayerKind,
    /// Geometry along the rows.
    pub rows: Axis,
    /// Geometry along the columns.
    pub columns: Axis,
    /// Channels of the input map.
    pub channels_in: usize,
    /// Channels of the output map.
    pub channels_out: usize,
    /// `[out][kernel row][kernel column][in]`.
    pub weights: Vec<f32>,
    /// What follows, in order.
    pub steps: Vec<Step>,
}

/// The linear operation of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// On a 1×1 map. Held as the transposed convolution whose kernel is the output's size, so that
    /// every feature has weights of its own.
    Dense,
    /// Transposed convolution.
    Transposed,
    /// Plain convolution.
    Plain,
}

impl Network {
    /// Elements of a latent.
    pub fn latent_len(&self) -> usize {
        self.latent.iter().map(|part| part.len).sum()
    }

    /// The picture's height, width, channels.
    pub fn image(&self) -> [usize; 3] {
        self.last().output()
    }

    /// What is done to pixels last.
    pub(crate) fn ending(&self) -> impl DoubleEndedIterator<Item = &Step> {
        let first = self.layers.len() - 1 - self.picture.behind;
        self.layers[first..].iter().flat_map(|layer| &layer.steps)
    }

    /// The last layer, which every network has.
    pub fn last(&self) -> &Layer {
        &self.layers[self.layers.len() - 1]
    }
}

impl Layer {
    /// The node that its output comes from.
    pub(crate) fn end(&self) -> &str {
        self.steps.last().map_or(&self.name, |step| &step.node)
    }

    /// Elements of the output map.
    pub fn features(&self) -> usize {
        self.rows.output * self.columns.output * self.channels_out
    }

    /// The layer of a `.gen` file with this geometry, and no numbers yet.
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

    /// Output height, width, channels: maps are HWC from here on, CHW only in ONNX and in pictures.
    pub fn output(&self) -> [usize; 3] {
        [self.rows.output, self.columns.output, self.channels_out]
    }

    /// Weights of one output channel, `[kernel row][kernel column][in]`.
    pub fn channel_len(&self) -> usize {
        self.rows.kernel * self.columns.kernel * self.channels_in
    }

    /// The axis of a dense layer: one input element reaches `output` others.
    pub(crate) fn dense_axis(output: usize) -> Axis {
        let convolution = Convolution::Transposed;
        Axis { convolution, input: 1, output, kernel: output, stride: 1, pad: 0 }
    }
}
