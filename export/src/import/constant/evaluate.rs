//! Constants computed by tract, one node at a time, within limits of size and without its panics.

use crate::import::constant::tensor::Tensor;
use crate::import::node::Node;
use crate::import::operator::Operator;
use crate::onnx::shape::{ELEMENT_LIMIT, broadcast, count};
use anyhow::{Result, ensure};
use ndarray::ArrayD;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
use tract_onnx::prelude::*;

/// The value of a Constant node.
pub(crate) fn constant(node: Node, opset: i64) -> Result<Tensor> {
    let value = run(node, &[], opset)?;
    Tensor::new(&value)?
        .ok_or_else(|| node.refuse(format!("holds {:?}: export in float32", value.datum_type())))
}

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
        let depth = depth.numbers().first().map_or(0, |depth| *depth as usize);
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
    let inputs: Vec<Tensor> = inputs.iter().map(|tensor| (*tensor).clone()).collect();
    let encoded: Vec<_> = inputs.iter().map(Tensor::encode).collect::<Result<_>>()?;
    let value = run(node, &encoded, opset)?;
    let value = Tensor::new(&value)?;
    value.ok_or_else(|| node.refuse("gives a type that is not supported"))
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

/// The first element of `value`, or 0 in float32, at each place of a tensor of shape `shape`.
pub(crate) fn constant_of_shape(
    node: Node,
    shape: &[i64],
    value: Option<Tensor>,
) -> Result<Tensor> {
    let sizes: Option<Vec<usize>> = shape.iter().map(|size| usize::try_from(*size).ok()).collect();
    let sizes = sizes.filter(|sizes| count(sizes) <= ELEMENT_LIMIT);
    let sizes = sizes.ok_or_else(|| node.refuse(format!("shape {shape:?}: out of range")))?;
    Ok(match value {
        None => Tensor::Floats(ArrayD::zeros(sizes)),
        Some(Tensor::Ints(array)) => {
            Tensor::Ints(ArrayD::from_elem(sizes, array.iter().next().copied().unwrap_or(0)))
        }
        Some(Tensor::Flags(array)) => {
            Tensor::Flags(ArrayD::from_elem(sizes, array.iter().next().copied().unwrap_or(false)))
        }
        Some(Tensor::Floats(array)) => {
            Tensor::Floats(ArrayD::from_elem(sizes, array.iter().next().copied().unwrap_or(0.0)))
        }
    })
}

/// Whole numbers from a start to a limit that is not reached, in steps of `delta`.
pub(crate) fn range(node: Node, [start, limit, delta]: [f64; 3]) -> Result<Tensor> {
    let count = ((limit - start) / delta).ceil();
    ensure!(
        (0.0..=1e6).contains(&count),
        node.refuse(format!("gives {count} numbers, possible: up to 1000000"))
    );
    let numbers = (0..count as i64).map(|i| (start + i as f64 * delta) as i64);
    Ok(Tensor::ints(numbers.collect()))
}

/// The first output of `node` for `inputs`, computed by tract.
fn run(
    node: Node,
    inputs: &[tract_onnx::prelude::Tensor],
    opset: i64,
) -> Result<Arc<tract_onnx::prelude::Tensor>> {
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
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: opset }],
        graph: Some(GraphProto {
            node: vec![proto],
            output: vec![output],
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    };
    let work = || -> TractResult<_> {
        let mut parsed = model;
        if let Some(graph) = parsed.graph.as_mut() {
            let tensors = inputs.iter().zip(&names);
            graph.initializer =
                tensors.map(|(tensor, name)| encode(name, tensor)).collect::<TractResult<_>>()?;
        }
        let model = tract_onnx::onnx().with_ignore_value_info(true).parse(&parsed, None)?.model;
        let outputs = model.into_typed()?.into_runnable()?.run(tvec![])?;
        Ok(outputs[0].clone().into_arc_tensor())
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let line = format!("{error:#}");
            let line = line.lines().next().unwrap_or_default();
            Err(node.refuse(format!("its constants cannot be computed: {line}")))
        }
        Err(_) => Err(node.refuse("its constants cannot be computed")),
    }
}

/// `tensor` as a constant of a graph.
fn encode(
    name: &str,
    tensor: &tract_onnx::prelude::Tensor,
) -> TractResult<tract_onnx::pb::TensorProto> {
    use tract_onnx::pb::{TensorProto, tensor_proto::DataType};
    let (data_type, raw_data) = match tensor.datum_type() {
        DatumType::F32 => {
            let view = tensor.to_plain_array_view::<f32>()?;
            (DataType::Float, view.iter().flat_map(|x| x.to_le_bytes()).collect())
        }
        DatumType::I64 => {
            let view = tensor.to_plain_array_view::<i64>()?;
            (DataType::Int64, view.iter().flat_map(|x| x.to_le_bytes()).collect())
        }
        _ => {
            let view = tensor.to_plain_array_view::<bool>()?;
            (DataType::Bool, view.iter().map(|x| u8::from(*x)).collect())
        }
    };
    Ok(TensorProto {
        dims: tensor.shape().iter().map(|dim| *dim as i64).collect(),
        data_type: data_type as i32,
        name: name.to_owned(),
        raw_data,
        ..TensorProto::default()
    })
}
