//! Nodes whose inputs are all constants.

use crate::import::constant::evaluate;
use crate::import::constant::tensor::Tensor;
use crate::import::moves::layout::Layout;
use crate::import::moves::read::{layouts, whole};
use crate::import::node::Node;
use crate::import::operator::Operator;
use crate::import::value::Scope;
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, bail, ensure};
use ndarray::{Array1, ArrayD, Axis};
use tract_onnx::pb::NodeProto;

/// Why random numbers inside a network are refused.
pub(crate) const RANDOM: &str = "draws random numbers, so that a latent has no picture of its own: leave this noise \
                                 out of forward() and export again, or make it an input";

/// The outputs of `node`, whose inputs are the constants `inputs`. Shapes among them are those of a batch of `batch`,
/// while the others are those of one example.
///
/// # Errors
/// If the operator is not supported on constants, or its inputs do not fit.
pub(crate) fn compute(
    node: Node,
    operator: Operator,
    inputs: &[&Tensor],
    scope: &Scope,
    batch: usize,
) -> Result<Vec<Tensor>> {
    match operator {
        Operator::Constant => return Ok(vec![evaluate::run(node, &[], scope.opset)?]),
        Operator::Random => bail!(node.refuse(RANDOM)),
        _ => {}
    }
    let [first, more @ ..] = inputs else { bail!(node.refuse("has no inputs")) };
    let output = match operator {
        Operator::Move(operator) => {
            return first.moved(&layouts(node, operator, first.dims(), scope, batch)?, node);
        }
        Operator::Shape => shape(node, first.dims())?,
        Operator::Size => Tensor::ints(vec![count(first.dims()) as i64]),
        Operator::Cast => first.cast(node.int("to", 0)?, node)?,
        Operator::CastLike => {
            let [other, ..] = more else { bail!(node.refuse("has no second input")) };
            first.cast(other.data_type() as i64, node)?
        }
        Operator::Dropout => (*first).clone(),
        Operator::Range => range(node, inputs)?,
        Operator::ConstantOfShape => return constant_of_shape(node, first, scope.opset),
        Operator::Concat => concatenated(node, inputs)?,
        // Not by tract, which ignores attributes that it does not know.
        Operator::Function(read) if matches!(first, Tensor::Floats(_)) => {
            let function = read(node)?;
            Tensor::Floats(first.real().mapv(|x| function.at(x) as f32))
        }
        Operator::Gemm
        | Operator::MatMul
        | Operator::Conv
        | Operator::ConvTranspose
        | Operator::Function(_)
        | Operator::Clip
        | Operator::Neg
        | Operator::PRelu
        | Operator::BatchNormalization
        | Operator::Pair(_)
        | Operator::Where
        | Operator::OneHot
        | Operator::Equal
        | Operator::Softmax
        | Operator::LayerNormalization
        | Operator::Reduce
        | Operator::Computed => evaluate::arithmetic(node, operator, inputs, scope.opset)?,
        Operator::Constant | Operator::Normalization | Operator::Random | Operator::Unknown => {
            bail!(node.refuse("this operator is not supported on constants"))
        }
    };
    Ok(vec![output])
}

/// What a Shape node gives for a tensor of shape `dims`.
pub(crate) fn shape(node: Node, dims: &[usize]) -> Result<Tensor> {
    let rank = dims.len() as i64;
    let at = |name: &str, default: i64| -> Result<usize> {
        let at = node.int(name, default)?;
        Ok((if at < 0 { at + rank } else { at }).clamp(0, rank) as usize)
    };
    let (start, end) = (at("start", 0)?, at("end", rank)?);
    let sizes = dims.get(start..end.max(start)).unwrap_or_default();
    Ok(Tensor::ints(sizes.iter().map(|size| *size as i64).collect()))
}

/// What a ConstantOfShape node gives: its attribute `value`, or else 0, in the shape that is its input.
fn constant_of_shape(node: Node, shape: &Tensor, opset: i64) -> Result<Vec<Tensor>> {
    let value = match node.0.attribute.iter().any(|it| it.name == "value") {
        true => {
            let op_type = "Constant".to_owned();
            let proto = NodeProto { op_type, input: vec![], ..node.0.clone() };
            evaluate::run(Node(&proto), &[], opset)?
        }
        false => Tensor::Floats(ArrayD::zeros(vec![1])),
    };
    let sizes = whole(node, &shape.whole().unwrap_or_default())?;
    value.moved(&[Layout::Reshape(vec![]), Layout::Expand(sizes)], node)
}

/// What a Range node gives: numbers from a start to a limit that is not reached, in equal steps.
fn range(node: Node, inputs: &[&Tensor]) -> Result<Tensor> {
    let number = |i: usize| inputs.get(i).and_then(|it| it.first()).unwrap_or(f64::NAN);
    let [start, limit, delta] = [0, 1, 2].map(number);
    let count = ((limit - start) / delta).ceil();
    ensure!(
        (0.0..=1e6).contains(&count),
        node.refuse(format!("gives {count} numbers, possible: up to 1000000"))
    );
    let numbers = (0..count as i64).map(|i| start + i as f64 * delta);
    Ok(match inputs.first() {
        Some(Tensor::Floats(_)) => {
            Tensor::Floats(Array1::from_iter(numbers.map(|number| number as f32)).into_dyn())
        }
        _ => Tensor::ints(numbers.map(|number| number as i64).collect()),
    })
}

fn concatenated(node: Node, parts: &[&Tensor]) -> Result<Tensor> {
    let floats = parts.iter().map(|it| match it {
        Tensor::Floats(array) => Some(array.clone()),
        Tensor::Ints(_) | Tensor::Flags(_) => None,
    });
    let ints = parts.iter().map(|it| match it {
        Tensor::Ints(array) => Some(array.clone()),
        Tensor::Floats(_) | Tensor::Flags(_) => None,
    });
    match (floats.collect::<Option<Vec<_>>>(), ints.collect::<Option<Vec<_>>>()) {
        (Some(floats), _) => Ok(Tensor::Floats(join(node, &floats)?)),
        (_, Some(ints)) => Ok(Tensor::Ints(join(node, &ints)?)),
        _ => Err(node.refuse("joins tensors of different types")),
    }
}

/// `parts` one after the other along the axis of `node`, a Concat.
pub(crate) fn join<T: Clone>(node: Node, parts: &[ArrayD<T>]) -> Result<ArrayD<T>> {
    node.expect(parts.len(), "axis")?;
    let rank = parts.first().map_or(0, |part| part.ndim());
    let at = node.axis(node.int("axis", 1)?, rank)?;
    let ranks = parts.iter().all(|part| part.ndim() == rank);
    ensure!(ranks, node.refuse("its inputs' shapes do not fit"));
    let total = parts.iter().map(|part| part.len()).fold(0, usize::saturating_add);
    ensure!(total <= ELEMENT_LIMIT, node.refuse("gives too many elements"));
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    let joined = ndarray::concatenate(Axis(at), &views);
    joined.map_err(|_| node.refuse("its inputs' shapes do not fit"))
}
