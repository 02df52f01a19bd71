//! The batch that a graph's inputs declare. A file that was exported with a training's batch has it in its shapes,
//! although each picture depends on its own latent alone.

use anyhow::{Result, ensure};
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Size;
use tract_onnx::pb::{ValueInfoProto, tensor_shape_proto::Dimension, type_proto};

/// Largest batch that is replaced: a whole batch of pictures is drawn to compare with.
const LIMIT: i64 = 256;

/// The batch that `inputs` declare; 1 if it is free.
///
/// # Errors
/// If it is too large, or the inputs declare different ones.
pub(crate) fn declared(inputs: &[&ValueInfoProto]) -> Result<usize> {
    let fixed = inputs.iter().filter_map(|input| match first(input)?.value {
        Some(Size::DimValue(batch @ 1..)) => Some((&input.name, batch)),
        _ => None,
    });
    let fixed: Vec<(&String, i64)> = fixed.collect();
    let Some((name, batch)) = fixed.iter().max_by_key(|(_, batch)| *batch).copied() else {
        return Ok(1);
    };
    ensure!(batch <= LIMIT, "input \"{name}\" has a fixed batch of {batch}: export with batch 1");
    if let Some((other, size)) = fixed.iter().find(|(_, size)| *size != batch) {
        anyhow::bail!(
            "input \"{name}\" has a fixed batch of {batch} and \"{other}\" one of {size}: export with batch 1"
        );
    }
    Ok(batch as usize)
}

/// `value` with a free batch instead of a fixed one above 1.
pub(crate) fn freed(value: &ValueInfoProto) -> ValueInfoProto {
    let mut value = value.clone();
    let kind = value.r#type.as_mut().and_then(|it| it.value.as_mut());
    if let Some(type_proto::Value::TensorType(tensor)) = kind
        && let Some(first) = tensor.shape.as_mut().and_then(|shape| shape.dim.first_mut())
        && matches!(first.value, Some(Size::DimValue(2..)))
    {
        first.value = Some(Size::DimParam("batch".to_owned()));
    }
    value
}

/// `shape`, which a graph has for a batch of `batch`, for one example.
pub(crate) fn of_one(mut shape: Vec<i64>, batch: usize) -> Vec<i64> {
    if let Some(first) = shape.first_mut()
        && *first > 0
        && *first % batch as i64 == 0
    {
        *first /= batch as i64;
    }
    shape
}

/// The first axis that `value` declares.
fn first(value: &ValueInfoProto) -> Option<&Dimension> {
    match value.r#type.as_ref()?.value.as_ref()? {
        type_proto::Value::TensorType(tensor) => tensor.shape.as_ref()?.dim.first(),
        #[allow(unreachable_patterns)]
        _ => None,
    }
}
