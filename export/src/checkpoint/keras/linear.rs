//! Dense layers, convolutions and embeddings.

use crate::checkpoint::keras::call::{Call, Map, Value};
use crate::checkpoint::keras::writer::Doubt;
use crate::onnx::graph::{int, ints};
use anyhow::{Result, bail, ensure};
use ndarray::{ArrayD, Axis};
use tract_onnx::pb::AttributeProto;
use tract_onnx::pb::tensor_proto::DataType;

/// Dense: features, or the last axis of more, times a matrix.
pub(super) fn dense(call: &mut Call) -> Result<Value> {
    let input = call.input()?;
    let (units, Some(&features)) = (call.config.count("units")?, input.shape.last()) else {
        bail!("is applied to one number");
    };
    let kernel = call.weights("kernel", &[features, units])?;
    let mut shape = input.shape.clone();
    shape.pop();
    shape.push(units);
    if shape.len() == 3 {
        let kernel = kernel.t().into_owned().insert_axis(Axis(2)).insert_axis(Axis(3));
        let kernel = call.array("kernel", &kernel);
        let input = call.turned(&input);
        let name = with_bias(call, "Conv", [input.name, kernel], units, vec![])?;
        return Ok(Value { name, shape, turned: true });
    }
    let kernel = call.array("kernel", &kernel);
    if shape.len() == 1 {
        let name = with_bias(call, "Gemm", [input.name, kernel], units, vec![])?;
        return Ok(Value { name, shape, turned: false });
    }
    let mut name = call.node("MatMul", &[&input.name, &kernel], vec![]);
    if call.config.flag("use_bias", true)? {
        let bias = call.vector("bias", units)?;
        name = call.node("Add", &[&name, &bias], vec![]);
    }
    Ok(Value { name, shape, turned: false })
}

/// Conv2D.
pub(super) fn convolution(call: &mut Call) -> Result<Value> {
    let map = call.map()?;
    let groups = call.config.count_or("groups", 1)?;
    ensure!(
        groups > 0 && map.channels.is_multiple_of(groups),
        "has {groups} groups for {} channels",
        map.channels
    );
    let filters = call.config.count("filters")?;
    let [rows, columns] = call.config.pair("kernel_size", 1)?;
    let kernel = call.weights("kernel", &[rows, columns, map.channels / groups, filters])?;
    let (inputs, size, attributes) = sliding(call, &map, kernel, groups)?;
    let name = with_bias(call, "Conv", inputs, filters, attributes)?;
    Ok(map.value(name, filters, size))
}

/// DepthwiseConv2D: a convolution of each channel alone.
pub(super) fn depthwise(call: &mut Call) -> Result<Value> {
    let map = call.map()?;
    let (kernel, filters) = depthwise_kernel(call, &map)?;
    let (inputs, size, attributes) = sliding(call, &map, kernel, map.channels)?;
    let name = with_bias(call, "Conv", inputs, filters, attributes)?;
    Ok(map.value(name, filters, size))
}

/// SeparableConv2D: a convolution of each channel alone, then one of single pixels.
pub(super) fn separable(call: &mut Call) -> Result<Value> {
    let map = call.map()?;
    let (kernel, between) = depthwise_kernel(call, &map)?;
    let ([input, kernel], size, attributes) = sliding(call, &map, kernel, map.channels)?;
    let channels = call.node("Conv", &[&input, &kernel], attributes);
    let filters = call.config.count("filters")?;
    let kernel = call.weights("pointwise kernel", &[1, 1, between, filters])?;
    let kernel = call.array("pointwise", &kernel.permuted_axes(&[3, 2, 0, 1][..]));
    let name = with_bias(call, "Conv", [channels, kernel], filters, vec![])?;
    Ok(map.value(name, filters, size))
}

/// The kernel of a convolution of each channel alone, in the order of other convolutions, and the number of filters.
fn depthwise_kernel(call: &mut Call, map: &Map) -> Result<(ArrayD<f32>, usize)> {
    let multiplier = call.config.count_or("depth_multiplier", 1)?;
    let [rows, columns] = call.config.pair("kernel_size", 1)?;
    let shape = [rows, columns, map.channels, multiplier];
    let kernel = call.weights("depthwise kernel", &shape)?;
    let filters = map.channels * multiplier;
    Ok((kernel.into_shape_with_order(vec![rows, columns, 1, filters])?, filters))
}

/// The inputs and attributes of a Conv with `kernel` (rows, columns, in, out), and the size of its output.
fn sliding(
    call: &mut Call,
    map: &Map,
    kernel: ArrayD<f32>,
    groups: usize,
) -> Result<([String; 2], [usize; 2], Vec<AttributeProto>)> {
    let strides = positive(call, "strides")?;
    let dilations = positive(call, "dilation_rate")?;
    let same = same(call)?;
    let (mut size, mut pads) = ([0; 2], [0; 4]);
    for axis in 0..2 {
        let (inside, stride) = (map.size[axis], strides[axis]);
        let reach = (filled(kernel.shape()[axis])? - 1) * dilations[axis] + 1;
        let mut total = 0;
        if same {
            size[axis] = inside.div_ceil(stride);
            total = ((size[axis] - 1) * stride + reach).saturating_sub(inside);
        } else {
            ensure!(reach <= inside, "has a kernel of {reach} on a map of {inside}");
            size[axis] = (inside - reach) / stride + 1;
        }
        (pads[axis], pads[axis + 2]) = (total / 2, total - total / 2);
    }
    let attributes = vec![
        ints("strides", &strides),
        ints("pads", &pads),
        ints("dilations", &dilations),
        int("group", groups as i64),
    ];
    let kernel = call.array("kernel", &kernel.permuted_axes(&[3, 2, 0, 1][..]));
    Ok(([map.name.clone(), kernel], size, attributes))
}

/// Conv2DTranspose.
pub(super) fn transposed(call: &mut Call) -> Result<Value> {
    let map = call.map()?;
    let filters = call.config.count("filters")?;
    let kernel_size = call.config.pair("kernel_size", 1)?;
    let strides = positive(call, "strides")?;
    let dilations = positive(call, "dilation_rate")?;
    ensure!(dilations == [1, 1], "has a dilation_rate, which is not supported here");
    let extra = call.config.get("output_padding").is_some();
    let extra = extra.then(|| call.config.pair("output_padding", 0)).transpose()?;
    let same = same(call)?;
    let (mut size, mut pads, mut missing) = ([0; 2], [0; 4], [0; 2]);
    for axis in 0..2 {
        let (kernel, stride) = (filled(kernel_size[axis])?, strides[axis]);
        let before = (map.size[axis] - 1) * stride;
        size[axis] = match (extra, same) {
            (None, true) => before + stride,
            (None, false) => before + kernel.max(stride),
            // Keras cuts half a kernel off at each end.
            (Some(extra), true) => before + kernel % 2 + extra[axis],
            (Some(extra), false) => before + kernel + extra[axis],
        };
        // TensorFlow makes such a map into one of the input's size, by the convolution that this one transposes.
        let covered = if same { size[axis] } else { (size[axis] + 1).saturating_sub(kernel) };
        ensure!(
            covered.div_ceil(stride) == map.size[axis],
            "has an output_padding with which TensorFlow cannot compute it"
        );
        let total = (before + kernel).saturating_sub(size[axis]);
        (pads[axis], pads[axis + 2]) = (total / 2, total - total / 2);
        missing[axis] = size[axis].saturating_sub(before + kernel);
        match call.writer.torch {
            Some(true) if total % 2 == 1 => (pads[axis], missing[axis]) = (total / 2 + 1, 1),
            None if total % 2 == 1 => call.doubts.push(Doubt::Edges),
            _ => {}
        }
    }
    if strides != [1, 1] && call.writer.keras3 && call.config.0.get("output_padding").is_none() {
        call.doubts.push(Doubt::OutputPadding);
    }
    let [rows, columns] = kernel_size;
    let kernel = call.weights("kernel", &[rows, columns, filters, map.channels])?;
    let kernel = call.array("kernel", &kernel.permuted_axes(&[3, 2, 0, 1][..]));
    let mut attributes = vec![ints("strides", &strides), ints("pads", &pads)];
    if missing != [0, 0] {
        attributes.push(ints("output_padding", &missing));
    }
    let name = with_bias(call, "ConvTranspose", [map.name.clone(), kernel], filters, attributes)?;
    Ok(map.value(name, filters, size))
}

/// Embedding: a row of a table for each label.
pub(super) fn embedding(call: &mut Call) -> Result<Value> {
    let input = call.input()?;
    let [rows, width] = [call.config.count("input_dim")?, call.config.count("output_dim")?];
    let table = call.weights("table", &[rows, width])?;
    let table = call.array("table", &table);
    let input = call.straight(&input);
    let labels = call.node("Cast", &[&input.name], vec![int("to", DataType::Int64 as i64)]);
    let name = call.node("Gather", &[&table, &labels], vec![]);
    let shape = input.shape.iter().copied().chain([width]).collect();
    Ok(Value { name, shape, turned: false })
}

/// Adds a node on `input` and `kernel`, and on the layer's bias, if it has one. Returns the name of its output.
fn with_bias(
    call: &mut Call,
    operator: &str,
    [input, kernel]: [String; 2],
    units: usize,
    attributes: Vec<AttributeProto>,
) -> Result<String> {
    if !call.config.flag("use_bias", true)? {
        return Ok(call.node(operator, &[&input, &kernel], attributes));
    }
    let bias = call.vector("bias", units)?;
    Ok(call.node(operator, &[&input, &kernel, &bias], attributes))
}

/// The pair of numbers above 0 that the configuration has as `key`.
fn positive(call: &Call, key: &str) -> Result<[usize; 2]> {
    let pair = call.config.pair(key, 1)?;
    ensure!(!pair.contains(&0), "has {key} {pair:?}");
    Ok(pair)
}

/// `kernel`, a number of rows or columns, if there are any.
fn filled(kernel: usize) -> Result<usize> {
    ensure!(kernel > 0, "has an empty kernel");
    Ok(kernel)
}

/// Whether the padding is `same`, not `valid`.
fn same(call: &Call) -> Result<bool> {
    match call.config.text("padding", "valid")? {
        "same" => Ok(true),
        "valid" => Ok(false),
        other => bail!("has the padding \"{other}\", which is not supported here"),
    }
}
