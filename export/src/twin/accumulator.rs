//! Accumulators of the quantised ONNX: linear operations, split into parts whose sums are exact.
//!
//! 12-bit weights are 256·b + a, with a and b in two tensors of bytes, as the engine's kernels store them.

use crate::network::linear::Linear;
use crate::onnx::graph::{Graph, Values};
use crate::quantize::bound::{halves, parts};
use anyhow::{Context, Result};
use gen_core::element::{Element, Weight};
use gen_core::format::write::DraftLayer;
use std::ops::Range;
use tract_onnx::pb::tensor_proto::DataType;

/// Adds the nodes that compute the accumulator of `layer`, in double, from `x`, whose elements are of type `element`.
/// `input` is its height, width and channels.
///
/// # Errors
///
/// If sums over a single input channel would not be exact.
pub(super) fn accumulate(
    graph: &mut Graph,
    layer: &DraftLayer,
    input: [usize; 3],
    element: Element,
    x: &str,
) -> Result<String> {
    match layer.weight {
        Weight::Byte => sum(graph, layer, input, element, "", x),
        Weight::Wide => {
            let [a, b] = halves(layer);
            let a = sum(graph, &a, input, element, "_a", x)?;
            let b = sum(graph, &b, input, element, "_b", x)?;
            let step = graph.number("step_b", 256.0);
            let b = graph.node("Mul", "whole_b", &[&b, &step], vec![]);
            Ok(graph.node("Add", "whole", &[&a, &b], vec![]))
        }
    }
}

/// Adds the nodes that sum over the input channels of a layer with 8-bit weights. Names of nodes end in `suffix`.
///
/// # Errors
///
/// If sums over a single input channel would not be exact.
fn sum(
    graph: &mut Graph,
    layer: &DraftLayer,
    input: [usize; 3],
    element: Element,
    suffix: &str,
    x: &str,
) -> Result<String> {
    let parts = parts(layer, input, element)
        .context("its kernel is too large for an exact quantised ONNX")?;
    if let [_] = parts[..] {
        let acc = convolve(graph, layer, input, 0..input[2], suffix, x);
        return Ok(graph.cast(&format!("accumulator{suffix}"), &acc, DataType::Double));
    }
    let axes = graph.constant(&format!("channel_axis{suffix}"), &[1], Values::Int64(&[1]));
    let mut sum = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        let suffix = format!("{suffix}_{index}");
        let (begin, end) = (part.start as i64, part.end as i64);
        let begin = graph.constant(&format!("begin{suffix}"), &[1], Values::Int64(&[begin]));
        let end = graph.constant(&format!("end{suffix}"), &[1], Values::Int64(&[end]));
        let slice =
            graph.node("Slice", &format!("part{suffix}"), &[x, &begin, &end, &axes], vec![]);
        let acc = convolve(graph, layer, input, part, &suffix, &slice);
        let acc = graph.cast(&format!("accumulator{suffix}"), &acc, DataType::Double);
        sum = match index {
            0 => acc,
            _ => graph.node("Add", &format!("sum{suffix}"), &[&sum, &acc], vec![]),
        };
    }
    Ok(sum)
}

/// Adds one convolution over the input channels in `part`, in float.
fn convolve(
    graph: &mut Graph,
    layer: &DraftLayer,
    input: [usize; 3],
    part: Range<usize>,
    suffix: &str,
    x: &str,
) -> String {
    let taps = layer.kernel[0] * layer.kernel[1];
    let linear = Linear {
        axes: [layer.axis(input, 0), layer.axis(input, 1)],
        channels_in: part.len(),
        channels_out: layer.output[2],
    };
    let (dims, weights) = linear.weights(|out, tap, channel| {
        layer.weights[(out * taps + tap) * input[2] + part.start + channel] as i8
    });
    let weights = graph.constant(&format!("weights{suffix}"), &dims, Values::Int8(&weights));
    let weights = graph.cast(&format!("float_weights{suffix}"), &weights, DataType::Float);
    linear.add(graph, suffix, x, &weights, None)
}
