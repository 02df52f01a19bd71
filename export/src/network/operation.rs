//! Operations on single elements: affine steps, activations, and combinations of them.

use crate::network::function::Function;

/// An operation on single elements and the node that it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name of its node.
    pub node: String,
    /// The operation.
    pub operation: Operation,
}

/// An operation on single elements.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// `y = x·scale + shift`, per channel or (dense layers only) per feature in HWC order.
    Affine {
        /// Factors.
        scale: Vec<f64>,
        /// Summands.
        shift: Vec<f64>,
    },
    /// x, or a channel's slope times x if x is negative.
    Slopes(Vec<f64>),
    /// A nonlinear function, the same for all elements.
    Function(Function),
    /// Two results of the same element, combined: x·sigmoid(x), for example.
    Both(Box<Both>),
    /// One of two results of the same element, selected by a third.
    Choice(Box<Choice>),
}

/// One of two results of an element, selected by a condition. All operations are the same for all elements, as in
/// [`Both`].
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The condition: selects the first result if it is not 0.
    pub condition: Vec<Operation>,
    /// The first result.
    pub then: Vec<Operation>,
    /// The second result.
    pub otherwise: Vec<Operation>,
}

/// Two results of an element, combined by a binary operator. All operations are the same for all elements: an affine
/// one has a single scale and shift.
#[derive(Clone, Debug, PartialEq)]
pub struct Both {
    /// The operator.
    pub binary: Binary,
    /// The first result.
    pub left: Vec<Operation>,
    /// The second result.
    pub right: Vec<Operation>,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// a + b
    Add,
    /// a − b
    Sub,
    /// a·b
    Mul,
    /// a / b
    Div,
    /// The larger of a and b.
    Max,
    /// The smaller of a and b.
    Min,
}

impl Binary {
    /// Its result for `a` and `b`.
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
    /// Its value at `x`. `index` is the element's index in the HWC map, which selects the numbers of its channel or
    /// feature.
    pub fn at(&self, x: f64, index: usize) -> f64 {
        let [y] = self.each([x], index);
        y
    }

    /// Its values at each of `x`, which are the same element of several pictures. `index` as in [`at`](Self::at).
    pub fn each<const N: usize>(&self, x: [f64; N], index: usize) -> [f64; N] {
        let of = |numbers: &[f64]| numbers[index % numbers.len()];
        match self {
            Self::Affine { scale, shift } => {
                let (scale, shift) = (of(scale), of(shift));
                x.map(|x| scale * x + shift)
            }
            Self::Slopes(slopes) => {
                let slope = of(slopes);
                x.map(|x| if x < 0.0 { slope * x } else { x })
            }
            Self::Function(function) => x.map(|x| function.at(x)),
            Self::Both(both) => {
                let (left, right) = (follow(&both.left, x), follow(&both.right, x));
                std::array::from_fn(|i| both.binary.at(left[i], right[i]))
            }
            Self::Choice(choice) => {
                let [condition, then, otherwise] =
                    [&choice.condition, &choice.then, &choice.otherwise].map(|it| follow(it, x));
                std::array::from_fn(|i| if condition[i] != 0.0 { then[i] } else { otherwise[i] })
            }
        }
    }

    /// Whether it is affine: `scale·x + shift`.
    pub fn is_affine(&self) -> bool {
        matches!(self, Self::Affine { .. })
    }

    /// The slopes for negative elements, per channel or one for all, if it is a ReLU, LeakyReLU or PRelu.
    pub fn slopes(&self) -> Option<Vec<f64>> {
        match self {
            Self::Function(Function::Relu) => Some(vec![0.0]),
            Self::Function(Function::LeakyRelu(slope)) => Some(vec![*slope]),
            Self::Slopes(slopes) => Some(slopes.clone()),
            _ => None,
        }
    }

    /// Number of operations that it consists of, itself included.
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

    /// The operation with one number for all elements. It must be [uniform](Self::is_uniform).
    pub(crate) fn single(self) -> Self {
        match self {
            Self::Affine { scale, shift } => {
                Self::Affine { scale: scale[..1].to_vec(), shift: shift[..1].to_vec() }
            }
            Self::Slopes(slopes) => Self::Slopes(slopes[..1].to_vec()),
            other => other,
        }
    }

    /// Its name in messages: the ONNX operator or operators.
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

/// The value of all `operations`, one after the other, at `x`. They are the same for all elements.
pub fn all(operations: &[Operation], x: f64) -> f64 {
    let [y] = follow(operations, [x]);
    y
}

/// As [`all`], at each of `x`.
fn follow<const N: usize>(operations: &[Operation], x: [f64; N]) -> [f64; N] {
    operations.iter().fold(x, |x, operation| operation.each(x, 0))
}
