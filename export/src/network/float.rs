//! Writes the imported network as a float ONNX for tract: NCHW, batch 1, and only operators that tract runs correctly,
//! however the original graph was written.

use crate::latent::places;
use crate::network::function::Function;
use crate::network::linear::{Linear, planes};
use crate::network::operation::{Both, Choice, Operation};
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::onnx::graph::{Graph, Values, float, int, ints, tensor};
use crate::onnx::input::Input;
use crate::onnx::run::Onnx;
use crate::onnx::source::Source;
use crate::picture::Planes;
use crate::picture::pixel_rule::PixelRule;
use anyhow::Result;
use tract_onnx::pb::{ModelProto, tensor_proto::DataType};

/// Name of the input, the latent.
pub const INPUT: &str = "latent";

/// Name of a layer's output, `[1, C, H, W]`.
pub fn output(index: usize) -> String {
    format!("layer{index}")
}

/// Name of the input of a layer's activation, after the steps that are folded into its weights.
pub fn before(index: usize) -> String {
    format!("before{index}")
}

/// A layer's output that is rounded to the steps of a quantisation.
#[derive(Clone, Copy, Debug)]
pub struct Rounded {
    /// Index of the layer.
    pub index: usize,
    /// The quantisation, in 8 bits.
    pub quantization: Quantization,
}

/// Prepares `network` in tract. It outputs the tensors called `names`, `[C, H, W]` each: see [`output()`] and [`before`].
/// `rounded` names a layer's output that is rounded, if any.
///
/// # Errors
/// If tract cannot run it.
pub fn prepare(network: &Network, rounded: Option<Rounded>, names: &[String]) -> Result<Onnx> {
    let len = network.latent_len();
    let proto = encode(network, rounded);
    let source = Source { path: "the imported network".into(), proto, sha256: [0; 32] };
    let input = Input::new(tensor(INPUT, &[len as i64, 1, 1]), vec![1, len, 1, 1]);
    let input = Input { elements: 0..len, ..input };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Onnx::new(&source, vec![input], &names)
}

/// Prepares `network` in tract to output the last layer alone: the values of the picture. `rounded` as in [`prepare`].
///
/// # Errors
/// If tract can't run it.
pub fn prepare_picture(network: &Network, rounded: Option<Rounded>) -> Result<Onnx> {
    prepare(network, rounded, &[output(network.layers.len() - 1)])
}

/// Prepares `network` in tract. Returns the function from a latent to its picture, with which quantised pictures are
/// compared. `rounded` as in [`prepare`].
///
/// # Errors
/// If tract cannot run it. The function fails if the latent has the wrong length.
pub fn drawing(
    network: &Network,
    rounded: Option<Rounded>,
    pixels: PixelRule,
) -> Result<impl Fn(&[f32]) -> Result<Planes> + use<>> {
    let (onnx, image) = (prepare_picture(network, rounded)?, network.image());
    Ok(move |z: &[f32]| Ok(pixels.picture(image, &onnx.run(z)?.swap_remove(0))))
}

/// The ONNX model of `network`, from latents `[1, z, 1, 1]` to pictures `[1, C, H, W]`. `rounded` names a layer's
/// output that is rounded, if any.
pub fn encode(network: &Network, rounded: Option<Rounded>) -> ModelProto {
    let mut graph = Graph::default();
    let mut x = latent(&mut graph, network);
    for (index, layer) in network.layers.iter().enumerate() {
        graph.prefix = format!("layer{index}");
        x = linear(&mut graph, layer, &x);
        let linear = layer.steps.iter().take_while(|it| it.operation.is_affine());
        let linear = linear.count();
        for (i, step) in layer.steps.iter().enumerate() {
            if i == linear {
                x = graph.named("Identity", &before(index), &[&x]);
            }
            x = operation(&mut graph, &i.to_string(), layer, &step.operation, &x);
        }
        if let Some(Rounded { quantization, .. }) = rounded.filter(|it| it.index == index) {
            x = round(&mut graph, quantization, &x);
        }
        x = graph.named("Identity", &output(index), &[&x]);
    }
    let [height, width, channels] = network.image().map(|side| side as i64);
    let latent = tensor(INPUT, &[network.latent_len() as i64, 1, 1]);
    graph.model("float", vec![latent], tensor(&x, &[channels, height, width]), Vec::new())
}

/// Adds the nodes that normalise parts of the latent, if any are, and returns the name of the latent.
fn latent(graph: &mut Graph, network: &Network) -> String {
    if !network.latent.iter().any(|part| part.normalized) {
        return INPUT.to_owned();
    }
    graph.prefix = "latent".to_owned();
    let mut parts = Vec::new();
    for (index, (part, place)) in network.latent.iter().zip(places(&network.latent)).enumerate() {
        let ends = [("begin", place.start), ("end", place.end), ("axis", 1)].map(|(what, at)| {
            graph.constant(&format!("{what}{index}"), &[1], Values::Int64(&[at as i64]))
        });
        let [begin, end, axis] = ends.each_ref().map(String::as_str);
        let mut x =
            graph.node("Slice", &format!("part{index}"), &[INPUT, begin, end, axis], vec![]);
        if part.normalized {
            let name = |what: &str| format!("{what}{index}");
            let squares = graph.node("Mul", &name("squares"), &[&x, &x], vec![]);
            let axes = vec![ints("axes", &[1])];
            let mean = graph.node("ReduceMean", &name("mean"), &[&squares], axes);
            let least = graph.constant(&name("least"), &[], Values::Float(&[f32::MIN_POSITIVE]));
            let mean = graph.node("Max", &name("above"), &[&mean, &least], vec![]);
            let root = graph.node("Sqrt", &name("root"), &[&mean], vec![]);
            x = graph.node("Div", &name("normalized"), &[&x, &root], vec![]);
        }
        parts.push(x);
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    graph.node("Concat", "parts", &parts, vec![int("axis", 1)])
}

/// Adds the nodes that round `x` to the steps of a quantisation in 8 bits and clamp it to its limits.
fn round(
    graph: &mut Graph,
    Quantization { scale, zero_point, .. }: Quantization,
    x: &str,
) -> String {
    let zero = f64::from(zero_point);
    let mut number = |part: &str, value: f64| scalar(graph, "rounded", part, value);
    let (inverse, scale) = (number("inverse", scale.recip()), number("scale", scale));
    let (low, high) = (number("low", -zero), number("high", 255.0 - zero));
    let steps = graph.node("Mul", "steps", &[x, &inverse], vec![]);
    let whole = graph.node("Round", "whole", &[&steps], vec![]);
    let above = graph.node("Max", "above", &[&whole, &low], vec![]);
    let within = graph.node("Min", "within", &[&above, &high], vec![]);
    graph.node("Mul", "rounded", &[&within, &scale], vec![])
}

/// Adds the linear operation of `layer`, without bias.
fn linear(graph: &mut Graph, layer: &Layer, x: &str) -> String {
    let linear = Linear::of(layer);
    let (dims, weights) = linear.reordered(&layer.weights);
    let weights = graph.constant("weights", &dims, Values::Float(&weights));
    linear.add(graph, "", x, &weights, None)
}

/// Adds the nodes of `operation` on `x`, an output of `layer`, and returns the name of the result. Names of nodes begin
/// with `name`.
pub(crate) fn operation(
    graph: &mut Graph,
    name: &str,
    layer: &Layer,
    operation: &Operation,
    x: &str,
) -> String {
    let side = |graph: &mut Graph, side: &str, operations: &[Operation]| {
        let each = operations.iter().enumerate();
        each.fold(x.to_owned(), |x, (i, it)| {
            self::operation(graph, &format!("{name}_{side}{i}"), layer, it, &x)
        })
    };
    match operation {
        Operation::Affine { scale, shift } => {
            let scale = numbers(graph, &format!("{name}_scale"), layer, scale);
            let shift = numbers(graph, &format!("{name}_shift"), layer, shift);
            let scaled = graph.node("Mul", &format!("{name}_scaled"), &[x, &scale], vec![]);
            graph.node("Add", name, &[&scaled, &shift], vec![])
        }
        Operation::Slopes(slopes) => {
            let slopes = numbers(graph, &format!("{name}_slopes"), layer, slopes);
            let zero = graph.constant(&format!("{name}_zero"), &[], Values::Float(&[0.0]));
            let above = graph.node("Max", &format!("{name}_above"), &[x, &zero], vec![]);
            let below = graph.node("Min", &format!("{name}_below"), &[x, &zero], vec![]);
            let below = graph.node("Mul", &format!("{name}_sloped"), &[&below, &slopes], vec![]);
            graph.node("Add", name, &[&above, &below], vec![])
        }
        Operation::Choice(choice) => {
            let Choice { condition, then, otherwise } = &**choice;
            let condition = side(graph, "condition", condition);
            let condition = graph.cast(&format!("{name}_flag"), &condition, DataType::Bool);
            let (a, b) = (side(graph, "then", then), side(graph, "otherwise", otherwise));
            graph.node("Where", name, &[&condition, &a, &b], vec![])
        }
        Operation::Both(both) => {
            let Both { binary, left, right } = &**both;
            let (a, b) = (side(graph, "left", left), side(graph, "right", right));
            graph.node(binary.operator(), name, &[&a, &b], vec![])
        }
        Operation::Function(function) => self::function(graph, name, *function, x),
    }
}

/// Adds `function`: as one operator if ONNX opset 17 has it and tract runs it, otherwise by its definition.
fn function(graph: &mut Graph, name: &str, function: Function, x: &str) -> String {
    let plain = |graph: &mut Graph, operator: &str, attributes| {
        graph.node(operator, name, &[x], attributes)
    };
    match function {
        Function::LeakyRelu(alpha) | Function::Elu(alpha) => {
            plain(graph, function.operator(), vec![float("alpha", alpha as f32)])
        }
        Function::Selu { alpha, gamma } => {
            let attributes = vec![float("alpha", alpha as f32), float("gamma", gamma as f32)];
            plain(graph, "Selu", attributes)
        }
        Function::HardSigmoid { alpha, beta } => {
            let attributes = vec![float("alpha", alpha as f32), float("beta", beta as f32)];
            plain(graph, "HardSigmoid", attributes)
        }
        Function::Clip(low, high) => {
            let mut y = x.to_owned();
            for (part, operator, limit) in [("low", "Max", low), ("high", "Min", high)] {
                if limit.is_finite() {
                    let limit = scalar(graph, name, part, limit);
                    y = graph.node(operator, &format!("{name}_{operator}"), &[&y, &limit], vec![]);
                }
            }
            y
        }
        Function::Gelu => gelu(graph, name, x),
        Function::GeluByTanh => gelu_by_tanh(graph, name, x),
        Function::HardSwish => {
            let attributes = vec![float("alpha", 1.0 / 6.0), float("beta", 0.5)];
            let y = graph.node("HardSigmoid", &format!("{name}_gate"), &[x], attributes);
            graph.node("Mul", name, &[x, &y], vec![])
        }
        Function::Mish => {
            let y = softplus(graph, &format!("{name}_softplus"), x);
            let y = graph.node("Tanh", &format!("{name}_tanh"), &[&y], vec![]);
            graph.node("Mul", name, &[x, &y], vec![])
        }
        Function::Celu(alpha) => {
            // α·Elu(x/α)
            let (alpha, inverse) =
                (scalar(graph, name, "alpha", alpha), scalar(graph, name, "inverse", 1.0 / alpha));
            let y = graph.node("Mul", &format!("{name}_narrow"), &[x, &inverse], vec![]);
            let y = graph.node("Elu", &format!("{name}_elu"), &[&y], vec![float("alpha", 1.0)]);
            graph.node("Mul", name, &[&y, &alpha], vec![])
        }
        Function::Above(limit) => {
            let limit = scalar(graph, name, "limit", limit);
            let above = graph.node("Greater", &format!("{name}_above"), &[x, &limit], vec![]);
            graph.cast(name, &above, DataType::Float)
        }
        Function::Softplus => softplus(graph, name, x),
        Function::Power(power) => {
            let power = scalar(graph, name, "power", power);
            graph.node("Pow", name, &[x, &power], vec![])
        }
        // Operators without attributes, which tract computes as ONNX defines them.
        Function::Relu
        | Function::Tanh
        | Function::Sigmoid
        | Function::Softsign
        | Function::Erf
        | Function::Exp
        | Function::Log
        | Function::Abs
        | Function::Sqrt
        | Function::Reciprocal => plain(graph, function.operator(), vec![]),
    }
}

/// Adds ½·x·(1 + erf(x/√2)).
fn gelu(graph: &mut Graph, name: &str, x: &str) -> String {
    let (half, one) = (scalar(graph, name, "half", 0.5), scalar(graph, name, "one", 1.0));
    let root = scalar(graph, name, "root", std::f64::consts::FRAC_1_SQRT_2);
    let y = graph.node("Mul", &format!("{name}_rooted"), &[x, &root], vec![]);
    let y = graph.node("Erf", &format!("{name}_erf"), &[&y], vec![]);
    let y = graph.node("Add", &format!("{name}_above"), &[&y, &one], vec![]);
    let y = graph.node("Mul", &format!("{name}_half"), &[&y, &half], vec![]);
    graph.node("Mul", name, &[x, &y], vec![])
}

/// Adds ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
fn gelu_by_tanh(graph: &mut Graph, name: &str, x: &str) -> String {
    let (half, one) = (scalar(graph, name, "half", 0.5), scalar(graph, name, "one", 1.0));
    let root = scalar(graph, name, "root", (2.0 / std::f64::consts::PI).sqrt());
    let cubic = scalar(graph, name, "cubic", 0.044_715);
    let square = graph.node("Mul", &format!("{name}_square"), &[x, x], vec![]);
    let y = graph.node("Mul", &format!("{name}_cubic"), &[&square, &cubic], vec![]);
    let y = graph.node("Add", &format!("{name}_factor"), &[&y, &one], vec![]);
    let y = graph.node("Mul", &format!("{name}_inner"), &[&y, x], vec![]);
    let y = graph.node("Mul", &format!("{name}_rooted"), &[&y, &root], vec![]);
    let y = graph.node("Tanh", &format!("{name}_tanh"), &[&y], vec![]);
    let y = graph.node("Add", &format!("{name}_above"), &[&y, &one], vec![]);
    let y = graph.node("Mul", &format!("{name}_half"), &[&y, &half], vec![]);
    graph.node("Mul", name, &[x, &y], vec![])
}

/// Adds a scalar constant for the nodes of `name`.
fn scalar(graph: &mut Graph, name: &str, part: &str, value: f64) -> String {
    graph.constant(&format!("{name}_number_{part}"), &[], Values::Float(&[value as f32]))
}

/// Adds max(x, 0) + ln(1 + e^−|x|): tract's Softplus overflows.
fn softplus(graph: &mut Graph, name: &str, x: &str) -> String {
    let (zero, one) = (scalar(graph, name, "zero", 0.0), scalar(graph, name, "one", 1.0));
    let above = graph.node("Max", &format!("{name}_above"), &[x, &zero], vec![]);
    let y = graph.node("Abs", &format!("{name}_abs"), &[x], vec![]);
    let y = graph.node("Neg", &format!("{name}_neg"), &[&y], vec![]);
    let y = graph.node("Exp", &format!("{name}_exp"), &[&y], vec![]);
    let y = graph.node("Add", &format!("{name}_sum"), &[&y, &one], vec![]);
    let y = graph.node("Log", &format!("{name}_log"), &[&y], vec![]);
    graph.node("Add", name, &[&above, &y], vec![])
}

/// Adds a constant: one number as a scalar, numbers per channel as `[1, C, 1, 1]`, per feature as `[1, C, H, W]`.
fn numbers(graph: &mut Graph, name: &str, layer: &Layer, values: &[f64]) -> String {
    let output @ [height, width, channels] = layer.output();
    let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    if values.len() == 1 {
        return graph.constant(name, &[], Values::Float(&values));
    }
    if values.len() == channels {
        return graph.constant(name, &[1, channels, 1, 1], Values::Float(&values));
    }
    let planes = planes(&values, output);
    graph.constant(name, &[1, channels, height, width], Values::Float(&planes))
}
