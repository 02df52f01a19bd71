//! Nodes that depend on the latent: what each operator does to views.

use crate::import::Importer;
use crate::import::constant::compute::{RANDOM, shape};
use crate::import::constant::tensor::Tensor;
use crate::import::elementwise::alone;
use crate::import::elementwise::pair::{choice, with_constant, with_view};
use crate::import::latent::beside::beside;
use crate::import::latent::length;
use crate::import::layer::chain::check_map;
use crate::import::layer::convolution::convolution;
use crate::import::layer::dense::{gemm, matmul};
use crate::import::moves::read::layouts;
use crate::import::node::Node;
use crate::import::operator::{Operator, Pair};
use crate::import::statistics::{self, OF_MAP};
use crate::import::value::Value;
use crate::import::view::{Origin, View};
use crate::network::LayerKind;
use crate::network::operation::Operation;
use anyhow::{Result, bail, ensure};
use gen_core::axis::Convolution;

/// The outputs of `node` for `inputs`, of which at least one depends on the latent.
///
/// # Errors
/// If what the node does can't be converted.
pub(crate) fn outputs(
    importer: &mut Importer,
    node: Node,
    operator: Operator,
    inputs: &[Value],
) -> Result<Vec<Value>> {
    let batch = importer.scope.batch;
    // Not everything here depends on a label alone.
    let mixed = |value: &Value| match value {
        Value::ByLabel(_) => Ok(Value::View(importer.forms.view(node, value)?)),
        Value::Constant(tensor) => Ok(Value::Constant(tensor.of_one(batch))),
        Value::View(_) | Value::Length(_) | Value::Refused => Ok(value.clone()),
    };
    let inputs: &[Value] = &inputs.iter().map(mixed).collect::<Result<Vec<_>>>()?;
    if let Some(outputs) = length::outputs(importer, node, operator, inputs)? {
        return Ok(outputs);
    }
    let view = || match inputs.first() {
        Some(Value::View(view)) => Ok(view),
        _ => Err(node.refuse("its first input is a constant")),
    };
    let output = match operator {
        Operator::Gemm => gemm(importer, node, view()?)?,
        Operator::MatMul => matmul(importer, node, view()?)?,
        Operator::ConvTranspose => convolution(importer, node, view()?, Convolution::Transposed)?,
        Operator::Conv => convolution(importer, node, view()?, Convolution::Plain)?,
        Operator::Function(read) => {
            let view = view()?;
            importer.forms.then(node, view, Operation::Function(read(node)?))?
        }
        Operator::Clip => alone::clip(importer, node, view()?)?,
        Operator::Neg => alone::neg(importer, node, view()?)?,
        Operator::PRelu => alone::p_relu(importer, node, view()?)?,
        Operator::BatchNormalization => alone::batch_normalization(importer, node, view()?)?,
        Operator::Pair(operator) => pair(importer, node, operator, inputs)?,
        Operator::Where => choice(importer, node, inputs)?,
        Operator::Move(operator) => {
            let layouts = layouts(node, operator, view()?.dims(), &importer.scope, importer.scope.batch)?;
            return Ok(view()?.moved(&layouts, node)?.into_iter().map(Value::View).collect());
        }
        Operator::Concat => {
            let views = inputs.iter().map(|value| importer.forms.view(node, value));
            let views = views.collect::<Result<_>>()?;
            beside(importer, node, views)?
        }
        Operator::Cast => cast(node, view()?)?,
        Operator::Dropout => dropout(importer, node, view()?)?,
        Operator::Shape => return Ok(vec![Value::Constant(shape(node, view()?.dims())?)]),
        Operator::Size => {
            let size = view()?.elements.len() as i64;
            return Ok(vec![Value::Constant(Tensor::ints(vec![size]))]);
        }
        Operator::Normalization | Operator::LayerNormalization => bail!(node.refuse(OF_MAP)),
        Operator::Reduce => bail!(statistics::refusal(&importer.scope, node, view()?)?),
        Operator::Random => bail!(node.refuse(RANDOM)),
        Operator::Constant
        | Operator::ConstantOfShape
        | Operator::Range
        | Operator::CastLike
        | Operator::OneHot
        | Operator::Equal
        | Operator::Softmax
        | Operator::Computed
        | Operator::Unknown => bail!(node.refuse(
            "this operator is not supported; supported are Gemm, MatMul, ConvTranspose, Conv, BatchNormalization, \
             functions of single elements, Upsample and Resize by whole factors, and operators that only move elements"
        )),
    };
    check(importer, node, &output)?;
    Ok(vec![Value::View(output)])
}

/// Refuses outputs of a layer that no `.gen` file can hold.
fn check(importer: &Importer, node: Node, output: &View) -> Result<()> {
    let Origin::Layer(index) = output.origin else { return Ok(()) };
    let layer = &importer.chain.layers[index];
    // A dense layer's output becomes a map only when the next one reads it.
    if layer.kind == LayerKind::Dense { Ok(()) } else { check_map(node, layer.output()) }
}

fn pair(importer: &mut Importer, node: Node, operator: Pair, inputs: &[Value]) -> Result<View> {
    match inputs {
        [Value::View(a), Value::View(b)] => with_view(importer, node, operator, a, b),
        [Value::View(a), Value::Constant(b)] => {
            with_constant(importer, node, operator, a, b, false)
        }
        [Value::Constant(a), Value::View(b)] => with_constant(importer, node, operator, b, a, true),
        [Value::View(a)] => Ok(a.clone()),
        _ => bail!(node.refuse("more than two inputs are not supported")),
    }
}

fn cast(node: Node, view: &View) -> Result<View> {
    node.expect(1, "to saturate")?;
    let to = node.int("to", 0)?;
    // Float32, uint8, float16, float64. The pixel rule decides what becomes of pictures as bytes.
    ensure!(
        [1, 2, 10, 11].contains(&to),
        node.refuse(format!("attribute to = {to}: export pictures as float32"))
    );
    Ok(view.clone())
}

fn dropout(importer: &Importer, node: Node, view: &View) -> Result<View> {
    node.expect(3, "ratio seed is_test")?;
    let training = !node.input(2).is_empty()
        && importer.scope.constant(node, 2, "training_mode")?.numbers() != [0.0];
    ensure!(!training, node.refuse("training_mode is on: export in inference mode, model.eval()"));
    Ok(view.clone())
}
