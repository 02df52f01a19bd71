//! What was read from an ONNX graph: a chain of layers in float.

use gen_core::axis::{Axis, Convolution};
use gen_core::format::write::{DraftActivation, DraftLayer};
use tract_onnx::pb::ValueInfoProto;

/// A generator, layer by layer, still in float.
#[derive(Clone, Debug)]
pub struct Network {
    /// The graph's input as it is declared there.
    pub input: ValueInfoProto,
    /// The graph's output as it is declared there.
    pub output: ValueInfoProto,
    /// Shape of one latent as the graph takes it: `[1, z]` or `[1, z, 1, 1]`.
    pub input_shape: Vec<usize>,
    /// First to last.
    pub layers: Vec<Layer>,
}

/// A linear operation with what follows it up to the next one.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Name of the linear operation's node.
    pub name: String,
    /// What it was in the graph.
    pub kind: Kind,
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
    /// ONNX name of the tensor after the last step.
    pub tensor: String,
}

/// Kinds of linear operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// On a 1×1 map. Held as the transposed convolution whose kernel is the output's size, so that
    /// every feature has weights of its own.
    Dense,
    /// Transposed convolution.
    Transposed,
    /// Plain convolution.
    Plain,
}

/// One operation on single elements, and who asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name of its node.
    pub node: String,
    /// What it does.
    pub operation: Operation,
}

/// What is done to single elements.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// `y = x·scale + shift`, per channel or (dense layers only) per feature in HWC order.
    Affine {
        /// Factors.
        scale: Vec<f64>,
        /// Summands.
        shift: Vec<f64>,
    },
    /// A nonlinear function, the same for all elements.
    Function(Function),
}

/// Nonlinear functions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// max(x, 0)
    Relu,
    /// x, or the given slope times x where x is negative.
    LeakyRelu(f64),
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// Limits to the given range, whose ends may be infinite.
    Clip(f64, f64),
}

impl Function {
    /// Its value at `x`.
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Relu => x.max(0.0),
            Self::LeakyRelu(slope) if x < 0.0 => slope * x,
            Self::LeakyRelu(_) => x,
            Self::Tanh => x.tanh(),
            Self::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Self::Clip(low, high) => x.max(low).min(high),
        }
    }

    /// What its values lie between; infinite where there is no limit.
    pub fn limits(self) -> (f64, f64) {
        match self {
            Self::Relu => (0.0, f64::INFINITY),
            Self::LeakyRelu(_) => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Tanh => (-1.0, 1.0),
            Self::Sigmoid => (0.0, 1.0),
            Self::Clip(low, high) => (low, high),
        }
    }

    /// The operator's name in ONNX.
    pub fn operator(self) -> &'static str {
        match self {
            Self::Relu => "Relu",
            Self::LeakyRelu(_) => "LeakyRelu",
            Self::Tanh => "Tanh",
            Self::Sigmoid => "Sigmoid",
            Self::Clip(..) => "Clip",
        }
    }
}

impl Network {
    /// Elements of a latent.
    pub fn latent_len(&self) -> usize {
        self.layers[0].channels_in
    }

    /// The layers' names.
    pub(crate) fn names(&self) -> Vec<String> {
        self.layers.iter().map(|layer| layer.name.clone()).collect()
    }

    /// The last layer, which every network has.
    pub fn last(&self) -> &Layer {
        &self.layers[self.layers.len() - 1]
    }
}

impl Layer {
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
