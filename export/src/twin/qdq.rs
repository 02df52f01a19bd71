//! The QDQ ONNX, for tools that compile or train the network further: float operators between QuantizeLinear and
//! DequantizeLinear, with the weights and tensors of the `.gen`.
//!
//! Its pictures are close to the device's, not equal: runtimes round in different places, and activations are computed
//! instead of looked up. Weights have a scale per output channel, which is axis 1 of a ConvTranspose. Weights and
//! tensors of 12 bits stay in float, and so do latents: 16-bit QuantizeLinear needs opset 21, which few tools read.

use crate::latent;
use crate::network::fold::Activation;
use crate::network::function::Function;
use crate::network::linear::{Linear, planes};
use crate::network::operation::Operation;
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::onnx::graph::{Graph, Values, int};
use crate::picture::pixel_rule::PixelRule;
use crate::quantize::Real;
use crate::twin::operation::operation;
use crate::twin::{finish, parts};
use gen_core::element::Weight;
use gen_core::format::write::{Draft, DraftLayer};
use tract_onnx::pb::tensor_proto::DataType;

/// The bytes of the QDQ ONNX of `draft`, whose layers stand for `reals`, with the inputs and the output of `network`.
pub fn encode(draft: &Draft, reals: &[Real], network: &Network, pixels: PixelRule) -> Vec<u8> {
    let mut graph = Graph { prefix: "latent".to_owned(), ..Graph::default() };
    let mut x = latent(&mut graph, network);
    for (index, (draft, real)) in draft.layers.iter().zip(reals).enumerate() {
        let layer = &network.layers[index];
        graph.prefix = format!("layer{index}");
        x = match real.folded.per_feature {
            true => dense(&mut graph, layer, draft, real, &x),
            false => convolution(&mut graph, layer, draft, real, &x),
        };
        x = activation(&mut graph, layer, &real.folded.activation, &x);
        if let Some(Real { input, .. }) = reals.get(index + 1) {
            x = quantized(&mut graph, *input, &x);
        }
    }
    finish(graph, draft, network, pixels, &x)
}

/// Adds the latents as `[N, z, 1, 1]`, all parts in units of the first part's scale.
fn latent(graph: &mut Graph, network: &Network) -> String {
    let x = parts(graph, network);
    let mut x = graph.cast("float", &x, DataType::Float);
    let ratios: Vec<f32> =
        latent::ratios(&network.latent).iter().map(|ratio| ratio.recip() as f32).collect();
    if ratios.iter().any(|ratio| *ratio != 1.0) {
        let ratios = graph.constant("ratios", &[ratios.len()], Values::Float(&ratios));
        x = graph.node("Mul", "units", &[&x, &ratios], vec![]);
    }
    let axes = graph.constant("axes", &[2], Values::Int64(&[2, 3]));
    graph.node("Unsqueeze", "map", &[&x, &axes], vec![])
}

/// Adds a convolution with a scale and a bias per output channel.
fn convolution(
    graph: &mut Graph,
    layer: &Layer,
    draft: &DraftLayer,
    real: &Real,
    x: &str,
) -> String {
    let linear = Linear::of(layer);
    let (dims, steps) = linear.reordered(&draft.weights);
    let axis = usize::from(linear.is_transposed());
    let weights = weights(graph, draft.weight, &dims, &steps, axis, &real.scales);
    let bias = bias(graph, draft.weight, real, &real.folded.bias, &real.scales);
    linear.add(graph, "", x, &weights, Some(&bias))
}

/// Adds a dense layer with a scale and a bias per feature, and returns its map.
fn dense(graph: &mut Graph, layer: &Layer, draft: &DraftLayer, real: &Real, x: &str) -> String {
    let output @ [height, width, channels] = layer.output();
    let (features, depth) = (height * width * channels, layer.channels_in);
    // Indices of the features in the order CHW.
    let places = planes(&(0..features).collect::<Vec<_>>(), output);
    let at = |input: usize, feature: usize| {
        let (position, out) = (feature / channels, feature % channels);
        draft.weights[(out * height * width + position) * depth + input]
    };
    let steps: Vec<i16> = (0..depth)
        .flat_map(|input| places.iter().map(move |&feature| at(input, feature)))
        .collect();
    let [scales, biases] = [&real.scales, &real.folded.bias].map(|values| planes(values, output));
    let flat = graph.constant("flat_shape", &[2], Values::Int64(&[-1, depth as i64]));
    let x = graph.node("Reshape", "flat", &[x, &flat], vec![]);
    let weights = weights(graph, draft.weight, &[depth, features], &steps, 1, &scales);
    let bias = bias(graph, draft.weight, real, &biases, &scales);
    let y = graph.node("Gemm", "linear", &[&x, &weights, &bias], vec![]);
    let sizes = [-1, channels as i64, height as i64, width as i64];
    let sizes = graph.constant("map_shape", &[4], Values::Int64(&sizes));
    graph.node("Reshape", "map", &[&y, &sizes], vec![])
}

/// Adds the weights, given in steps, with a scale per index along `axis`: in int8 with DequantizeLinear, or in float if
/// they have 12 bits.
fn weights(
    graph: &mut Graph,
    weight: Weight,
    dims: &[usize],
    steps: &[i16],
    axis: usize,
    scales: &[f64],
) -> String {
    if weight == Weight::Wide {
        let inner: usize = dims[axis + 1..].iter().product();
        let real =
            |(i, step): (usize, &i16)| (f64::from(*step) * scales[i / inner % scales.len()]) as f32;
        let real: Vec<f32> = steps.iter().enumerate().map(real).collect();
        return graph.constant("weights", dims, Values::Float(&real));
    }
    let steps: Vec<i8> = steps.iter().map(|step| *step as i8).collect();
    let steps = graph.constant("weights", dims, Values::Int8(&steps));
    let scale: Vec<f32> = scales.iter().map(|scale| *scale as f32).collect();
    let scale = graph.constant("weights_scale", &[scales.len()], Values::Float(&scale));
    let zero =
        graph.constant("weights_zero", &[scales.len()], Values::Int8(&vec![0; scales.len()]));
    let axis = vec![int("axis", axis as i64)];
    graph.node("DequantizeLinear", "real_weights", &[&steps, &scale, &zero], axis)
}

/// Adds the biases: in int32 steps of the accumulator if weights and inputs have 8 bits, else in float.
fn bias(graph: &mut Graph, weight: Weight, real: &Real, biases: &[f64], scales: &[f64]) -> String {
    let count = biases.len();
    if weight == Weight::Wide || real.input.element.is_wide() {
        let biases: Vec<f32> = biases.iter().map(|bias| *bias as f32).collect();
        return graph.constant("bias", &[count], Values::Float(&biases));
    }
    let units: Vec<f32> = scales.iter().map(|scale| (scale * real.input.scale) as f32).collect();
    // The cast saturates a bias that is too large for 32 bits; its channel is then saturated anyway.
    let steps: Vec<i32> = biases
        .iter()
        .zip(&units)
        .map(|(bias, unit)| (bias / f64::from(*unit)).round() as i32)
        .collect();
    let steps = graph.constant("bias", &[count], Values::Int32(&steps));
    let units = graph.constant("bias_scale", &[count], Values::Float(&units));
    let zero = graph.constant("bias_zero", &[count], Values::Int32(&vec![0; count]));
    let axis = vec![int("axis", 0)];
    graph.node("DequantizeLinear", "real_bias", &[&steps, &units, &zero], axis)
}

/// Adds the activation after the bias.
fn activation(graph: &mut Graph, layer: &Layer, activation: &Activation, x: &str) -> String {
    let steps = match activation {
        Activation::None => vec![],
        Activation::Relu => vec![Operation::Function(Function::Relu)],
        Activation::Clip(low, high) => vec![Operation::Function(Function::Clip(*low, *high))],
        Activation::Curve(steps) => steps.clone(),
        Activation::Slopes { negative, gain, shift } => {
            let slopes = match negative.iter().all(|slope| *slope == negative[0]) {
                true => Operation::Function(Function::LeakyRelu(negative[0])),
                false => Operation::Slopes(negative.clone()),
            };
            let plain = gain.iter().all(|gain| *gain == 1.0) && shift.iter().all(|it| *it == 0.0);
            let affine = Operation::Affine { scale: gain.clone(), shift: shift.clone() };
            [Some(slopes), (!plain).then_some(affine)].into_iter().flatten().collect()
        }
    };
    steps
        .iter()
        .enumerate()
        .fold(x.to_owned(), |x, (i, step)| operation(graph, &format!("step{i}"), layer, step, &x))
}

/// Adds QuantizeLinear and DequantizeLinear after `x`, if it has 8 bits.
fn quantized(graph: &mut Graph, tensor: Quantization, x: &str) -> String {
    if tensor.element.is_wide() {
        return x.to_owned();
    }
    let scale = graph.constant("scale", &[], Values::Float(&[tensor.scale as f32]));
    let zero = graph.constant("zero", &[], Values::Uint8(&[tensor.zero_point]));
    let x = graph.node("QuantizeLinear", "quantized", &[x, &scale, &zero], vec![]);
    graph.node("DequantizeLinear", "real", &[&x, &scale, &zero], vec![])
}
