//! Shapes of tensors: as a graph declares them, how many elements they have, and how they broadcast.

use crate::onnx::input::data_type;
use anyhow::{Context, Result, bail, ensure};
use gen_core::format::DIMENSION_LIMIT;
use tract_onnx::pb::{
    ValueInfoProto, tensor_proto::DataType, tensor_shape_proto::dimension::Value as Size,
    type_proto,
};

/// Maximum number of elements of a constant or a map, and of weights of a layer: far more than any microcontroller can store, and
/// few enough for the computer that converts the model.
pub(crate) const ELEMENT_LIMIT: usize = 1 << 26;

/// Number of elements of a tensor of shape `dims`, saturating. A size of 0 counts as 1: otherwise an empty tensor would
/// pass limits that its other sizes exceed.
pub(crate) fn count(dims: &[usize]) -> usize {
    dims.iter().fold(1, |count, size| count.saturating_mul((*size).max(1)))
}

/// The shape to which compatible `shapes` broadcast: the largest size at each axis, with axes counted from the last.
pub(crate) fn broadcast(shapes: &[&[usize]]) -> Vec<usize> {
    let rank = shapes.iter().map(|dims| dims.len()).max().unwrap_or(0);
    let size = |from_end: usize| {
        let sizes = shapes.iter().filter_map(|dims| dims.iter().rev().nth(from_end));
        sizes.copied().max().unwrap_or(1)
    };
    (0..rank).rev().map(size).collect()
}

/// The declared shape of a graph's input, with batch 1.
///
/// # Errors
/// If the input is no tensor of float32, int32 or int64, its batch is fixed above 1, or another size is unknown or too
/// large for a `.gen` file.
pub(crate) fn sizes(input: &ValueInfoProto) -> Result<Vec<usize>> {
    let name = &input.name;
    let kind = input.r#type.as_ref().and_then(|t| t.value.as_ref());
    let Some(type_proto::Value::TensorType(tensor)) = kind else {
        bail!("input \"{name}\" is not a tensor");
    };
    ensure!(
        matches!(data_type(input), Some(DataType::Float | DataType::Int64 | DataType::Int32)),
        "input \"{name}\" is neither float32 nor int32 nor int64: export in float32, model.float()"
    );
    let shape = tensor.shape.as_ref().with_context(|| format!("input \"{name}\" has no shape"))?;
    let mut sizes = Vec::new();
    for (index, dimension) in shape.dim.iter().enumerate() {
        sizes.push(match (&dimension.value, index) {
            (Some(Size::DimValue(-1..=1)), 0) | (Some(Size::DimParam(_)) | None, 0) => 1,
            (Some(Size::DimValue(batch)), 0) => {
                bail!("input \"{name}\" has a fixed batch of {batch}: export with batch 1")
            }
            (Some(Size::DimValue(size)), _) if (1..=DIMENSION_LIMIT as i64).contains(size) => {
                *size as usize
            }
            _ => bail!("input \"{name}\" has no usable size at axis {index}"),
        });
    }
    Ok(sizes)
}
