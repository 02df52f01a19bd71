//! Constants computed by tract, one node at a time, within limits of size and without its panics.

use crate::import::constant::tensor::Tensor;
use crate::import::node::Node;
use crate::import::operator::Operator;
use crate::onnx::run::guard;
use crate::onnx::shape::{ELEMENT_LIMIT, broadcast, count};
use anyhow::{Result, ensure};
use ndarray::ArrayD;
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
    if let (Operator::MatMul, [Tensor::Floats(a), Tensor::Floats(b)]) = (operator, inputs)
        && (a.ndim() == 1 || b.ndim() == 1)
    {
        return vectors(node, a, b);
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

/// The product of a vector and a matrix, or of two vectors, which tract does not compute.
fn vectors(node: Node, a: &ArrayD<f32>, b: &ArrayD<f32>) -> Result<Tensor> {
    let refusal = || node.refuse(format!("shapes {:?} and {:?} do not fit", a.shape(), b.shape()));
    let matrix = |array: &ArrayD<f32>, shape: [usize; 2]| {
        array.to_shape(shape).map(|it| it.into_owned()).map_err(|_| refusal())
    };
    let wide = |array: &ArrayD<f32>, one: [usize; 2]| match *array.shape() {
        [_] => matrix(array, one),
        [rows, columns] => matrix(array, [rows, columns]),
        _ => Err(refusal()),
    };
    let (left, right) = (wide(a, [1, a.len()])?, wide(b, [b.len(), 1])?);
    ensure!(left.ncols() == right.nrows(), refusal());
    let product = left.dot(&right);
    let mut dims = Vec::new();
    dims.extend((a.ndim() > 1).then(|| product.nrows()));
    dims.extend((b.ndim() > 1).then(|| product.ncols()));
    Ok(Tensor::Floats(ArrayD::from_shape_vec(dims, product.into_iter().collect())?))
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
        let model = tract_onnx::onnx().with_ignore_value_info(true).parse(&model, None)?.model;
        let outputs = model.into_typed()?.into_runnable()?.run(tvec![])?;
        Ok(outputs[0].clone().into_arc_tensor())
    });
    let value =
        value.map_err(|error| node.refuse(format!("its constants cannot be computed: {error}")))?;
    Tensor::new(&value)?
        .ok_or_else(|| node.refuse(format!("gives {:?}: export in float32", value.datum_type())))
}
