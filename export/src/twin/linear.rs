//! The linear operation of the quantised ONNX.

use crate::graph::{Graph, Values, int, ints};
use crate::quantize::bound::{input_reach, reach};
use anyhow::{Context, Result};
use gen_core::axis::Convolution;
use gen_core::format::write::DraftLayer;
use std::ops::Range;
use tract_onnx::pb::{AttributeProto, tensor_proto::DataType};

/// Integers up to here are exact in float, sums included.
const EXACT: i64 = 1 << 24;

/// Adds the nodes that give the accumulator of `layer`, as double, from input `x`.
pub(super) fn accumulate(
    graph: &mut Graph,
    layer: &DraftLayer,
    input: [usize; 3],
    is_first: bool,
    x: &str,
) -> Result<String> {
    let parts = parts(layer, input, is_first)
        .context("its kernel is too large for an exact quantised ONNX")?;
    if let [_] = parts[..] {
        let acc = convolve(graph, layer, input, 0..input[2], "", x);
        return Ok(graph.cast("accumulator", &acc, DataType::Double));
    }
    let axes = graph.constant("channel_axis", &[1], Values::Int64(&[1]));
    let mut sum: Option<String> = None;
    for (index, part) in parts.into_iter().enumerate() {
        let suffix = format!("_{index}");
        let (begin, end) = (part.start as i64, part.end as i64);
        let begin = graph.constant(&format!("begin{suffix}"), &[1], Values::Int64(&[begin]));
        let end = graph.constant(&format!("end{suffix}"), &[1], Values::Int64(&[end]));
        let slice =
            graph.node("Slice", &format!("part{suffix}"), &[x, &begin, &end, &axes], vec![]);
        let acc = convolve(graph, layer, input, part, &suffix, &slice);
        let acc = graph.cast(&format!("accumulator{suffix}"), &acc, DataType::Double);
        sum = Some(match sum {
            None => acc,
            Some(sum) => graph.node("Add", &format!("sum{suffix}"), &[&sum, &acc], vec![]),
        });
    }
    Ok(sum.unwrap_or_default())
}

/// The fewest equal parts of the input channels whose sums all stay exact, if there are.
fn parts(layer: &DraftLayer, input: [usize; 3], is_first: bool) -> Option<Vec<Range<usize>>> {
    let (channels, x) = (input[2], input_reach(layer, is_first));
    let split = |count: usize| -> Vec<Range<usize>> {
        (0..count).map(|i| i * channels / count..(i + 1) * channels / count).collect()
    };
    let exact = |parts: &Vec<Range<usize>>| {
        parts.iter().all(|part| {
            let reaches = reach(layer, input, x, part.clone());
            reaches.iter().all(|channel| channel.magnitude() < EXACT)
        })
    };
    (1..=channels).map(split).find(exact)
}

/// Adds one convolution over the input channels `part`.
fn convolve(
    graph: &mut Graph,
    layer: &DraftLayer,
    input: [usize; 3],
    part: Range<usize>,
    suffix: &str,
    x: &str,
) -> String {
    let [kernel_rows, kernel_columns] = layer.kernel;
    let (channels_in, channels_out) = (part.len(), layer.output[2]);
    let at = |out: usize, tap: usize, channel: usize| {
        layer.weights[(out * kernel_rows * kernel_columns + tap) * input[2] + part.start + channel]
    };
    let taps = kernel_rows * kernel_columns;
    let transposed = layer.convolution == Convolution::Transposed;
    let (outer, inner) =
        if transposed { (channels_in, channels_out) } else { (channels_out, channels_in) };
    let mut weights = Vec::with_capacity(outer * inner * taps);
    for a in 0..outer {
        for b in 0..inner {
            let (channel, out) = if transposed { (a, b) } else { (b, a) };
            weights.extend((0..taps).map(|tap| at(out, tap, channel)));
        }
    }
    let dims = [outer, inner, kernel_rows, kernel_columns];
    let weights = graph.constant(&format!("weights{suffix}"), &dims, Values::Int8(&weights));
    let weights = graph.cast(&format!("float_weights{suffix}"), &weights, DataType::Float);
    let operator = if transposed { "ConvTranspose" } else { "Conv" };
    let (attributes, more) = attributes(layer, input);
    let y = graph.node(operator, &format!("linear{suffix}"), &[x, &weights], attributes);
    if !transposed && more != [0, 0] {
        return graph.cut(&format!("cut{suffix}"), &y, [layer.output[0], layer.output[1]]);
    }
    if more == [0, 0] {
        return y;
    }
    let more = [0, 0, 0, 0, 0, 0, more[0] as i64, more[1] as i64];
    let more = graph.constant(&format!("more{suffix}"), &[8], Values::Int64(&more));
    graph.node("Pad", &format!("padded{suffix}"), &[&y, &more], vec![])
}

/// The geometry as ONNX has it: pads at the end, and where they'd be negative how many zeros are behind
/// (of a plain convolution: how many rows and columns are too many).
fn attributes(layer: &DraftLayer, input: [usize; 3]) -> (Vec<AttributeProto>, [usize; 2]) {
    let mut end = [0; 2];
    let mut extra = [0; 2];
    for along in 0..2 {
        let (stride, kernel) = (layer.stride[along], layer.kernel[along]);
        let (begin, output) = (layer.pad[along], layer.output[along]);
        if layer.convolution == Convolution::Transposed {
            let whole = (input[along] - 1) * stride + kernel;
            end[along] = whole.saturating_sub(begin + output);
            extra[along] = (begin + output).saturating_sub(whole);
        } else {
            end[along] = ((output - 1) * stride + kernel).saturating_sub(begin + input[along]);
            let given = (begin + input[along] + end[along] - kernel) / stride + 1;
            extra[along] = given - output;
        }
    }
    let pads = [layer.pad[0], layer.pad[1], end[0], end[1]];
    let attributes = vec![
        int("group", 1),
        ints("kernel_shape", &layer.kernel),
        ints("strides", &layer.stride),
        ints("pads", &pads),
    ];
    (attributes, extra)
}
