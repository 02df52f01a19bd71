//! ONNX operators by what the importer does with them. A name becomes an [`Operator`] here and nowhere else. Those who
//! decide what a node does (`on_view`, `constant::compute`, `moves`) match it without a catch-all arm: what a new operator
//! does must be decided before it compiles. Lists elsewhere name exceptions only.

use crate::import::node::Node;
use crate::network::function::Function;
use crate::network::operation::Binary;
use anyhow::Result;
use tract_onnx::pb::NodeProto;

/// Reads the function of a node, attributes included.
pub(crate) type ReadFunction = fn(Node) -> Result<Function>;

/// What a node does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operator {
    // Linear layers.
    Gemm,
    MatMul,
    Conv,
    ConvTranspose,

    // One element after the other.
    /// A function of one number whose parameters are attributes.
    Function(ReadFunction),
    /// A function of one number whose limits may be inputs.
    Clip,
    Neg,
    PRelu,
    BatchNormalization,
    Pair(Pair),
    Where,

    // Elements move or stay.
    Move(Move),
    Concat,
    Cast,
    Dropout,

    /// The shape of its input.
    Shape,
    /// The number of elements of its input.
    Size,

    // Of constants only.
    Constant,
    ConstantOfShape,
    Range,
    CastLike,
    OneHot,
    Equal,
    Softmax,
    LayerNormalization,
    /// Sums, means or extremes along some axes.
    Reduce,
    /// Another operator that tract computes on constants.
    Computed,

    /// Normalises by statistics of the picture that is being drawn.
    Normalization,
    /// Draws random numbers.
    Random,
    /// Not known here.
    Unknown,
}

/// An operator that makes one number of two.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pair {
    Binary(Binary),
    Pow,
    Greater,
    Less,
}

/// An operator that moves, selects or repeats elements and changes none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    Identity,
    Reshape,
    Flatten,
    Squeeze,
    Unsqueeze,
    Transpose,
    Slice,
    Pad,
    Gather,
    GatherNd,
    Split,
    Expand,
    Tile,
    DepthToSpace,
    SpaceToDepth,
    Upsample,
    Resize,
}

impl Operator {
    /// The operator of `node`.
    pub(crate) fn of(node: Node) -> Self {
        match node.0.op_type.as_str() {
            "Gemm" => Self::Gemm,
            "MatMul" => Self::MatMul,
            "Conv" => Self::Conv,
            "ConvTranspose" => Self::ConvTranspose,

            "Relu" => Self::Function(|node| node.plain(Function::Relu)),
            "Tanh" => Self::Function(|node| node.plain(Function::Tanh)),
            "Sigmoid" => Self::Function(|node| node.plain(Function::Sigmoid)),
            "Softplus" => Self::Function(|node| node.plain(Function::Softplus)),
            "Softsign" => Self::Function(|node| node.plain(Function::Softsign)),
            "HardSwish" => Self::Function(|node| node.plain(Function::HardSwish)),
            "Mish" => Self::Function(|node| node.plain(Function::Mish)),
            "Erf" => Self::Function(|node| node.plain(Function::Erf)),
            "Exp" => Self::Function(|node| node.plain(Function::Exp)),
            "Log" => Self::Function(|node| node.plain(Function::Log)),
            "Abs" => Self::Function(|node| node.plain(Function::Abs)),
            "Sqrt" => Self::Function(|node| node.plain(Function::Sqrt)),
            "Reciprocal" => Self::Function(|node| node.plain(Function::Reciprocal)),
            "LeakyRelu" => {
                Self::Function(|node| Ok(Function::LeakyRelu(node.numbers([("alpha", 0.01)])?[0])))
            }
            "Elu" => Self::Function(|node| Ok(Function::Elu(node.numbers([("alpha", 1.0)])?[0]))),
            "Celu" => Self::Function(|node| Ok(Function::Celu(node.numbers([("alpha", 1.0)])?[0]))),
            "Selu" => Self::Function(|node| {
                let [alpha, gamma] =
                    node.numbers([("alpha", 1.673_263_2), ("gamma", 1.050_701)])?;
                Ok(Function::Selu { alpha, gamma })
            }),
            "HardSigmoid" => Self::Function(|node| {
                let [alpha, beta] = node.numbers([("alpha", 0.2), ("beta", 0.5)])?;
                Ok(Function::HardSigmoid { alpha, beta })
            }),
            "Gelu" => Self::Function(|node| {
                node.expect(1, "approximate")?;
                let by_tanh = node.text("approximate", "none")? == "tanh";
                Ok(if by_tanh { Function::GeluByTanh } else { Function::Gelu })
            }),
            "Clip" => Self::Clip,
            "Neg" => Self::Neg,
            "PRelu" => Self::PRelu,
            "BatchNormalization" => Self::BatchNormalization,
            "Add" => Self::Pair(Pair::Binary(Binary::Add)),
            "Sub" => Self::Pair(Pair::Binary(Binary::Sub)),
            "Mul" => Self::Pair(Pair::Binary(Binary::Mul)),
            "Div" => Self::Pair(Pair::Binary(Binary::Div)),
            "Max" => Self::Pair(Pair::Binary(Binary::Max)),
            "Min" => Self::Pair(Pair::Binary(Binary::Min)),
            "Pow" => Self::Pair(Pair::Pow),
            "Greater" => Self::Pair(Pair::Greater),
            "Less" => Self::Pair(Pair::Less),
            "Where" => Self::Where,

            "Identity" => Self::Move(Move::Identity),
            "Reshape" => Self::Move(Move::Reshape),
            "Flatten" => Self::Move(Move::Flatten),
            "Squeeze" => Self::Move(Move::Squeeze),
            "Unsqueeze" => Self::Move(Move::Unsqueeze),
            "Transpose" => Self::Move(Move::Transpose),
            "Slice" => Self::Move(Move::Slice),
            "Pad" => Self::Move(Move::Pad),
            "Gather" => Self::Move(Move::Gather),
            "GatherND" => Self::Move(Move::GatherNd),
            "Split" => Self::Move(Move::Split),
            "Expand" => Self::Move(Move::Expand),
            "Tile" => Self::Move(Move::Tile),
            "DepthToSpace" => Self::Move(Move::DepthToSpace),
            "SpaceToDepth" => Self::Move(Move::SpaceToDepth),
            "Upsample" => Self::Move(Move::Upsample),
            "Resize" => Self::Move(Move::Resize),
            "Concat" => Self::Concat,
            "Cast" => Self::Cast,
            "Dropout" => Self::Dropout,

            "Shape" => Self::Shape,
            "Size" => Self::Size,

            "Constant" => Self::Constant,
            "ConstantOfShape" => Self::ConstantOfShape,
            "Range" => Self::Range,
            "CastLike" => Self::CastLike,
            "OneHot" => Self::OneHot,
            "Equal" => Self::Equal,
            "Softmax" => Self::Softmax,
            "LayerNormalization" => Self::LayerNormalization,
            "Not" | "Mod" | "Floor" | "Ceil" | "Round" | "LessOrEqual" | "GreaterOrEqual"
            | "And" | "Or" | "Sum" | "ScatterElements" | "EyeLike" | "LogSoftmax" | "Sin"
            | "Cos" | "ArgMax" => Self::Computed,
            "ReduceSum" | "ReduceMean" | "ReduceProd" | "ReduceMax" | "ReduceMin" | "ReduceL1"
            | "ReduceL2" | "ReduceSumSquare" => Self::Reduce,

            "RandomNormal" | "RandomNormalLike" | "RandomUniform" | "RandomUniformLike"
            | "Bernoulli" | "Multinomial" => Self::Random,

            "InstanceNormalization"
            | "GroupNormalization"
            | "LpNormalization"
            | "MeanVarianceNormalization"
            | "RMSNormalization" => Self::Normalization,
            _ => Self::Unknown,
        }
    }

    /// Whether its output probably has the shape of its first input, so that the graph can be searched for more
    /// errors after a node that was refused.
    pub(crate) fn keeps_shape(self) -> bool {
        matches!(
            self,
            Self::Function(_)
                | Self::Clip
                | Self::Neg
                | Self::PRelu
                | Self::BatchNormalization
                | Self::Pair(_)
                | Self::Softmax
                | Self::LayerNormalization
                | Self::Normalization
        )
    }
}

/// Whether `node` is an activation, such as Relu or Clip. Exp, Sqrt and the like are not: networks have them as parts
/// of other formulas.
pub fn is_activation(node: &NodeProto) -> bool {
    let formula = matches!(&*node.op_type, "Erf" | "Exp" | "Log" | "Abs" | "Sqrt" | "Reciprocal");
    let operator = Operator::of(Node(node));
    !formula && matches!(operator, Operator::Function(_) | Operator::Clip | Operator::PRelu)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function is read from the operator that it is written as, with ONNX's defaults.
    #[test]
    fn functions_are_read_from_their_operators() {
        let [alpha, gamma] = [1.673_263_2_f32, 1.050_701].map(f64::from);
        let functions = [
            Function::Relu,
            Function::LeakyRelu(f64::from(0.01_f32)),
            Function::Tanh,
            Function::Sigmoid,
            Function::Elu(1.0),
            Function::Celu(1.0),
            Function::Selu { alpha, gamma },
            Function::Gelu,
            Function::Softplus,
            Function::Softsign,
            Function::HardSigmoid { alpha: f64::from(0.2_f32), beta: 0.5 },
            Function::HardSwish,
            Function::Mish,
            Function::Erf,
            Function::Exp,
            Function::Log,
            Function::Abs,
            Function::Sqrt,
            Function::Reciprocal,
        ];
        for function in functions {
            let op_type = function.operator().to_owned();
            let proto = NodeProto { op_type, ..NodeProto::default() };
            let Operator::Function(read) = Operator::of(Node(&proto)) else {
                panic!("{function:?}")
            };
            assert_eq!(read(Node(&proto)).unwrap(), function);
        }
    }
}
