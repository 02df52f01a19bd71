//! What was read from an ONNX graph: a chain of layers in float.

pub mod float;
pub mod fold;
pub mod function;
pub mod linear;
#[cfg(test)]
pub(crate) mod naive;
pub mod range;

use crate::network::function::Function;
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
    /// Where an ONNX of ours keeps it, as `height width channels` and how they lie, `HWC` or `CHW`.
    pub const METADATA: &str = "pocket_dcgan.picture";

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
    /// x, or a channel's slope times x where x is negative.
    Slopes(Vec<f64>),
    /// A nonlinear function, the same for all elements.
    Function(Function),
    /// Two results of the same element, put together: x·sigmoid(x) for one.
    Both(Box<Both>),
    /// One result of the element or another, whichever a third one says.
    Choice(Box<Choice>),
}

/// Operations are the same for all elements, as in [`Both`].
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Not 0 where the first is taken.
    pub condition: Vec<Operation>,
    /// The first.
    pub then: Vec<Operation>,
    /// The second.
    pub otherwise: Vec<Operation>,
}

/// Two results of an element and what is made of them. Operations are the same for all elements: of an
/// affine one there is one number.
#[derive(Clone, Debug, PartialEq)]
pub struct Both {
    /// What is made of them.
    pub binary: Binary,
    /// The first.
    pub left: Vec<Operation>,
    /// The second.
    pub right: Vec<Operation>,
}

/// What is made of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// Their sum.
    Add,
    /// The first less the second.
    Sub,
    /// Their product.
    Mul,
    /// The first by the second.
    Div,
    /// The larger.
    Max,
    /// The smaller.
    Min,
}

impl Binary {
    /// Its result.
    pub fn at(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Sub => a - b,
            Self::Mul => a * b,
            Self::Div => a / b,
            Self::Max => a.max(b),
            Self::Min => a.min(b),
        }
    }

    /// The operator's name in ONNX.
    pub fn operator(self) -> &'static str {
        match self {
            Self::Add => "Add",
            Self::Sub => "Sub",
            Self::Mul => "Mul",
            Self::Div => "Div",
            Self::Max => "Max",
            Self::Min => "Min",
        }
    }
}

impl Operation {
    /// Its value at `x`, for an element whose numbers are at `index`.
    pub fn at(&self, x: f64, index: usize) -> f64 {
        let of = |numbers: &[f64]| numbers[index % numbers.len()];
        match self {
            Self::Affine { scale, shift } => of(scale) * x + of(shift),
            Self::Slopes(slopes) if x < 0.0 => of(slopes) * x,
            Self::Slopes(_) => x,
            Self::Function(function) => function.at(x),
            Self::Both(both) => both.at(x),
            Self::Choice(choice) if all(&choice.condition, x) != 0.0 => all(&choice.then, x),
            Self::Choice(choice) => all(&choice.otherwise, x),
        }
    }

    /// Whether it is a number times each element, and a number more.
    pub fn is_affine(&self) -> bool {
        matches!(self, Self::Affine { .. })
    }

    /// What negative elements are multiplied by, per channel or one for all, if it does nothing else: ReLU and
    /// the like.
    pub fn slopes(&self) -> Option<Vec<f64>> {
        match self {
            Self::Function(Function::Relu) => Some(vec![0.0]),
            Self::Function(Function::LeakyRelu(slope)) => Some(vec![*slope]),
            Self::Slopes(slopes) => Some(slopes.clone()),
            _ => None,
        }
    }

    /// How many operations it is of.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Choice(choice) => {
                let parts = [&choice.condition, &choice.then, &choice.otherwise];
                1 + parts.into_iter().flatten().map(Self::size).sum::<usize>()
            }
            Self::Both(both) => {
                1 + both.left.iter().chain(&both.right).map(Self::size).sum::<usize>()
            }
            _ => 1,
        }
    }

    /// Whether it is the same for all elements.
    pub fn is_uniform(&self) -> bool {
        let same = |numbers: &[f64]| numbers.iter().all(|n| *n == numbers[0]);
        match self {
            Self::Affine { scale, shift } => same(scale) && same(shift),
            Self::Slopes(slopes) => same(slopes),
            Self::Function(_) | Self::Both(_) | Self::Choice(_) => true,
        }
    }

    /// With one number for all elements, if it is the same for all.
    pub(crate) fn single(self) -> Self {
        match self {
            Self::Affine { scale, shift } => {
                Self::Affine { scale: scale[..1].to_vec(), shift: shift[..1].to_vec() }
            }
            Self::Slopes(slopes) => Self::Slopes(slopes[..1].to_vec()),
            other => other,
        }
    }

    /// What people call it.
    pub fn operator(&self) -> &'static str {
        match self {
            Self::Affine { .. } => "BatchNormalization or Add",
            Self::Slopes(_) => "PRelu",
            Self::Function(function) => function.operator(),
            Self::Both(both) => both.binary.operator(),
            Self::Choice(_) => "Where",
        }
    }
}

impl Both {
    /// Its value at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.binary.at(all(&self.left, x), all(&self.right, x))
    }
}

/// What all operations, the same for all elements, make of `x`.
pub fn all(operations: &[Operation], x: f64) -> f64 {
    operations.iter().fold(x, |x, operation| operation.at(x, 0))
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
