//! Operations on single elements: affine steps, activations, and what is composed of them.

use crate::network::function::Function;

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
