//! Constants computed by tract, one node at a time, within limits of size and without its panics.

use crate::import::constant::tensor::Tensor;
use crate::import::moves::layout::Layout;
use crate::import::node::Node;
use crate::import::operator::Operator;
use crate::onnx::run::{guard, tract};
use crate::onnx::shape::{ELEMENT_LIMIT, broadcast, count};
use anyhow::{Result, ensure};
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
use tract_onnx::prelude::*;

/// What tract computes for `node`: operators whose result is the same every time.
///
/// # Errors
/// If tract can't, the result is too large, or its type has no counterpart here.
pub(crate) fn arithmetic(
    node: Node,
    operator: Operator,
    inputs: &[&Tensor],
    opset: i64,
) -> Result<Tensor> {
    let shapes: Vec<&[usize]> = inputs.iter().map(|tensor| tensor.dims()).collect();
    let shape = broadcast(&shapes);
    ensure!(count(&shape) <= ELEMENT_LIMIT, node.refuse("gives too many elements"));
    if let (Operator::OneHot, [indices, depth, ..]) = (operator, inputs) {
        let depth = depth.first().map_or(0, |depth| depth as usize);
        let size = count(indices.dims()).saturating_mul(depth);
        ensure!(size <= ELEMENT_LIMIT, node.refuse("gives too many elements"));
    }
    if let Operator::Conv | Operator::ConvTranspose = operator {
        check_convolution(node, inputs)?;
    }
    if let (Operator::MatMul, &[a @ Tensor::Floats(_), b @ Tensor::Floats(_)]) = (operator, inputs)
        && (a.dims().len() == 1 || b.dims().len() == 1)
    {
        return vectors(node, [a, b], opset);
    }
    run(node, inputs, opset)
}

/// Refuses convolutions of constants that would take far too long, and paddings that tract computes wrongly.
fn check_convolution(node: Node, inputs: &[&Tensor]) -> Result<()> {
    let asks_for_size = node.ints("output_shape")?.is_some()
        || !matches!(node.text("auto_pad", "NOTSET")?, "NOTSET" | "VALID");
    ensure!(
        !asks_for_size,
        node.refuse("attribute output_shape or auto_pad is not supported on constants")
    );
    let [x, weights, ..] = inputs else { return Err(node.refuse("has no weights")) };
    let numbers = ["strides", "pads", "dilations", "output_padding"];
    let largest = numbers.iter().map(|name| {
        let numbers = node.ints(name)?.unwrap_or_default();
        Ok(numbers.iter().copied().max().unwrap_or(1).max(1))
    });
    let largest = largest.collect::<Result<Vec<i64>>>()?.into_iter().max().unwrap_or(1);
    let side = |(x, k): (&usize, &usize)| (x + k).saturating_mul(largest as usize);
    let sides = x.dims().iter().zip(weights.dims()).skip(2).map(side);
    let sizes: Vec<usize> = sides.chain(weights.dims().iter().copied()).collect();
    ensure!(count(&sizes) <= 16 * ELEMENT_LIMIT, node.refuse("gives too many elements"));
    Ok(())
}

/// The product of a vector and a matrix, or of two vectors, which tract computes only as matrices.
fn vectors(node: Node, [a, b]: [&Tensor; 2], opset: i64) -> Result<Tensor> {
    let refusal = || node.refuse(format!("shapes {:?} and {:?} do not fit", a.dims(), b.dims()));
    let shaped = |tensor: &Tensor, dims: &[usize]| -> Result<Tensor> {
        let dims = dims.iter().map(|side| *side as i64).collect();
        Ok(tensor.moved(&[Layout::Reshape(dims)], node)?.swap_remove(0))
    };
    let (rows, common) = match *a.dims() {
        [common] => (None, common),
        [rows, common] => (Some(rows), common),
        _ => return Err(refusal()),
    };
    let (fits, columns) = match *b.dims() {
        [len] => (len == common, None),
        [len, columns] => (len == common, Some(columns)),
        _ => return Err(refusal()),
    };
    ensure!(fits, refusal());
    let left = shaped(a, &[rows.unwrap_or(1), common])?;
    let right = shaped(b, &[common, columns.unwrap_or(1)])?;
    let dims: Vec<usize> = rows.into_iter().chain(columns).collect();
    shaped(&run(node, &[&left, &right], opset)?, &dims)
}

/// The first output of `node` for `inputs`, computed by tract.
pub(crate) fn run(node: Node, inputs: &[&Tensor], opset: i64) -> Result<Tensor> {
    let names: Vec<String> = (0..inputs.len()).map(|i| format!("input{i}")).collect();
    let mut given = names.iter();
    let input = node.0.input.iter().map(|name| match name.as_str() {
        // Left out by the node.
        "" => String::new(),
        _ => given.next().cloned().unwrap_or_default(),
    });
    let proto = NodeProto {
        input: input.collect(),
        output: vec!["value".to_owned()],
        name: "value".to_owned(),
        ..node.0.clone()
    };
    let output = ValueInfoProto { name: "value".to_owned(), ..ValueInfoProto::default() };
    let constants = inputs.iter().zip(&names).map(|(tensor, name)| tensor.encode(name));
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: opset }],
        graph: Some(GraphProto {
            node: vec![proto],
            initializer: constants.collect(),
            output: vec![output],
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    };
    let value = guard(|| {
        let model = tract().parse(&model, None)?.model;
        let outputs = model.into_typed()?.into_runnable()?.run(tvec![])?;
        Ok(outputs[0].clone().into_arc_tensor())
    });
    let value =
        value.map_err(|error| node.refuse(format!("its constants cannot be computed: {error}")))?;
    Tensor::new(&value)?
        .ok_or_else(|| node.refuse(format!("gives {:?}: export in float32", value.datum_type())))
}
