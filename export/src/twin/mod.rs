//! The quantised ONNX: the integers of the `.gen` file in ordinary operators, so that any ONNX runtime draws the
//! device's pixels.
//!
//! Convolutions run in float, which is exact on integers while no partial sum reaches 2²⁴. Where that can't be proved,
//! the input channels are split and the parts are added in double. Epilogues run in double, which is exact below 2⁵³.
//! No result depends on how a runtime rounds.
//!
//! [`qdq`] writes another ONNX, for tools that compile or train the network further.

mod accumulator;
mod operation;
pub mod qdq;

use crate::latent::inputs::{self, part_of};
use crate::network::linear::planes;
use crate::network::{Network, Order};
use crate::onnx::graph::{Graph, Values, int, ints};
use crate::onnx::input::{Input, data_type};
use crate::onnx::metadata;
use crate::picture::pixel_rule::PixelRule;
use crate::quantize::ONE;
use anyhow::{Context, Result};
use gen_core::element::Element;
use gen_core::format::write::{Draft, DraftActivation, DraftLayer, DraftPart};
use gen_core::latent::LATENT_MAX;
use output::number::hexadecimal;
use prost::Message;
use tract_onnx::pb::tensor_proto::DataType;

/// The bytes of the ONNX file that computes `draft`, with the inputs and the output of `network`. The output values are
/// by `pixels`.
///
/// # Errors
///
/// If a layer's kernel is so large that its sums can't be exact in float, naming the node.
pub fn encode(draft: &Draft, network: &Network, pixels: PixelRule) -> Result<Vec<u8>> {
    let mut graph = Graph { prefix: "latent".to_owned(), ..Graph::default() };
    let mut x = latent(&mut graph, network);
    let (mut input, mut element) = ([1, 1, network.latent_len()], Element::Wide { signed: true });
    for (index, layer) in draft.layers.iter().enumerate() {
        graph.prefix = format!("layer{index}");
        if layer.zero_point != 0 {
            let zero = f32::from(layer.zero_point);
            let zero = graph.constant("zero_point", &[], Values::Float(&[zero]));
            x = graph.node("Sub", "centred", &[&x, &zero], vec![]);
        }
        let acc = accumulator::accumulate(&mut graph, layer, input, element, &x)
            .with_context(|| format!("node \"{}\"", network.layers[index].name))?;
        let is_last = index + 1 == draft.layers.len();
        x = epilogue(&mut graph, layer, &acc, is_last.then_some(pixels));
        (input, element) = (layer.output, layer.element);
    }
    Ok(finish(graph, draft, network, pixels, &x))
}

/// The bytes of the ONNX of `graph`, whose last layer gives `x`: with pictures as the float graph has them, and with
/// the metadata that [`Generator`](crate::draw::Generator) reads.
fn finish(
    mut graph: Graph,
    draft: &Draft,
    network: &Network,
    pixels: PixelRule,
    x: &str,
) -> Vec<u8> {
    let x = picture(&mut graph, network, x);
    if data_type(&network.output) == Some(DataType::Uint8) {
        graph.cast("bytes", &x, DataType::Uint8);
    }
    if let Some(last) = graph.nodes.last_mut() {
        last.output = vec![network.output.name.clone()];
    }
    let metadata = [
        (metadata::PIXELS, pixels.to_string()),
        (metadata::LATENTS, inputs::describe(&network.latent, &network.inputs)),
        (metadata::SOURCE_SHA256, hexadecimal(&draft.source)),
        (metadata::PICTURE, metadata::picture(network.image(), network.picture.interleaved)),
    ];
    let inputs = network.inputs.iter().map(|input| input.declared.clone()).collect();
    graph.model(&draft.name, inputs, network.output.clone(), metadata.into()).encode_to_vec()
}

/// The pictures as the float graph has them.
fn picture(graph: &mut Graph, network: &Network, x: &str) -> String {
    let [height, width, channels] = network.image();
    let Order { shape, interleaved } = &network.picture;
    let mut x = x.to_owned();
    if *interleaved {
        x = graph.node("Transpose", "interleaved", &[&x], vec![ints("perm", &[0, 2, 3, 1])]);
    }
    let plain =
        if *interleaved { [1, height, width, channels] } else { [1, channels, height, width] };
    if shape[..] != plain {
        let sizes = shape[1..].iter().map(|size| *size as i64);
        let sizes: Vec<i64> = [-1].into_iter().chain(sizes).collect();
        let sizes = graph.constant("shape", &[sizes.len()], Values::Int64(&sizes));
        x = graph.node("Reshape", "picture", &[&x, &sizes], vec![]);
    }
    x
}

/// Adds the nodes that quantise the latents to 12-bit integers, in double as the engine does, and returns their map,
/// `[N, z, 1, 1]`.
fn latent(graph: &mut Graph, network: &Network) -> String {
    let limit = f64::from(LATENT_MAX);
    let scale = scale(graph, &network.latent);
    let half = graph.number("half", 0.5);
    let (low, high) = (graph.number("low", -limit), graph.number("high", limit));
    let x = parts(graph, network);
    let x = graph.node("Mul", "steps", &[&x, &scale], vec![]);
    let x = graph.node("Add", "rounding", &[&x, &half], vec![]);
    let x = graph.node("Floor", "floor", &[&x], vec![]);
    let x = graph.node("Clip", "clip", &[&x, &low, &high], vec![]);
    let x = graph.cast("quantized", &x, DataType::Float);
    let axes = graph.constant("axes", &[2], Values::Int64(&[2, 3]));
    graph.node("Unsqueeze", "map", &[&x, &axes], vec![])
}

/// Adds the scale of the latent: a scalar if all parts have the same, else one number per element, `[z]`.
fn scale(graph: &mut Graph, parts: &[DraftPart]) -> String {
    let each: Vec<f64> = parts
        .iter()
        .flat_map(|part| std::iter::repeat_n(f64::from(part.scale), part.len))
        .collect();
    match each.iter().all(|scale| *scale == each[0]) {
        true => graph.number("scale", each[0]),
        false => graph.constant("scale", &[each.len()], Values::Double(&each)),
    }
}

/// Adds the nodes that concatenate the inputs in the order of the latent's parts: `[N, z]`, double. Labels given as
/// numbers become one-hot.
fn parts(graph: &mut Graph, network: &Network) -> String {
    let mut inputs: Vec<&Input> = network.inputs.iter().collect();
    inputs.sort_by_key(|input| input.elements.start);
    let parts: Vec<String> = inputs
        .into_iter()
        .enumerate()
        .map(|(index, input)| {
            let name = |what: &str| match network.inputs.len() {
                1 => what.to_owned(),
                _ => format!("{what}{index}"),
            };
            let len = input.elements.len();
            let mut x = input.name().to_owned();
            if input.number {
                let labels: Vec<i64> = (0..len as i64).collect();
                let labels = graph.constant(&name("labels"), &[len], Values::Int64(&labels));
                let column = graph.constant(&name("column"), &[2], Values::Int64(&[-1, 1]));
                x = graph.cast(&name("number"), &x, DataType::Int64);
                x = graph.node("Reshape", &name("numbers"), &[&x, &column], vec![]);
                x = graph.node("Equal", &name("label"), &[&x, &labels], vec![]);
            }
            x = graph.cast(&name("double"), &x, DataType::Double);
            if !input.number && input.shape.len() != 2 {
                let shape = graph.constant(&name("shape"), &[2], Values::Int64(&[-1, len as i64]));
                x = graph.node("Reshape", &name("flat"), &[&x, &shape], vec![]);
            }
            if part_of(input, &network.latent).is_some_and(|part| part.normalized) {
                x = normalized(graph, &name, &x, len);
            }
            x
        })
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts[..] {
        [one] => one.to_owned(),
        _ => graph.node("Concat", "parts", &parts, vec![int("axis", 1)]),
    }
}

/// Adds the nodes that normalise `x`, `[N, len]` in double, in the same steps as the engine. `name` gives a node's name
/// for what it computes.
fn normalized(graph: &mut Graph, name: &dyn Fn(&str) -> String, x: &str, len: usize) -> String {
    let least = graph.number(&name("least"), f64::from(f32::MIN_POSITIVE));
    let steps = graph.number(&name("largest_steps"), f64::from(1 << 19));
    let (half, one) = (graph.number(&name("norm_half"), 0.5), graph.number(&name("one"), 1.0));
    let (len, axis) = (
        graph.number(&name("len"), len as f64),
        graph.constant(&name("axis"), &[1], Values::Int64(&[1])),
    );
    let magnitude = graph.node("Abs", &name("magnitude"), &[x], vec![]);
    let largest =
        graph.node("ReduceMax", &name("largest"), &[&magnitude], vec![ints("axes", &[1])]);
    let largest = graph.node("Max", &name("divisor"), &[&largest, &least], vec![]);
    let x = graph.node("Div", &name("fraction"), &[x, &largest], vec![]);
    let x = graph.node("Mul", &name("fraction_steps"), &[&x, &steps], vec![]);
    let x = graph.node("Add", &name("fraction_rounding"), &[&x, &half], vec![]);
    let x = graph.node("Floor", &name("whole"), &[&x], vec![]);
    let squares = graph.node("Mul", &name("squares"), &[&x, &x], vec![]);
    let sum = graph.node("ReduceSum", &name("sum"), &[&squares, &axis], vec![]);
    let sum = graph.node("Max", &name("positive"), &[&sum, &one], vec![]);
    let mean = graph.node("Div", &name("inverse_mean"), &[&len, &sum], vec![]);
    let factor = graph.node("Sqrt", &name("factor"), &[&mean], vec![]);
    graph.node("Mul", &name("normalized"), &[&x, &factor], vec![])
}

/// Adds the epilogue: from the accumulator `acc` (double) to the layer's elements as floats, or, for the last layer, to
/// output values by `pixels`.
fn epilogue(graph: &mut Graph, layer: &DraftLayer, acc: &str, pixels: Option<PixelRule>) -> String {
    let fixed = |m: &i32| f64::from(*m) / ONE;
    let m = numbers(graph, "m", layer, layer.multipliers.iter().map(fixed));
    let c = numbers(graph, "c", layer, layer.constants.iter().map(|&c| c as f64 / ONE));

    let scaled = if let DraftActivation::Slopes { negative, biases } = &layer.activation {
        let negative = numbers(graph, "m_negative", layer, negative.iter().map(fixed));
        let biases = numbers(graph, "b", layer, biases.iter().map(|&b| f64::from(b)));
        let zero = graph.number("zero", 0.0);
        let biased = graph.node("Add", "biased", &[acc, &biases], vec![]);
        let above = graph.node("Max", "above", &[&biased, &zero], vec![]);
        let below = graph.node("Min", "below", &[&biased, &zero], vec![]);
        let above = graph.node("Mul", "above_scaled", &[&above, &m], vec![]);
        let below = graph.node("Mul", "below_scaled", &[&below, &negative], vec![]);
        graph.node("Add", "scaled", &[&above, &below], vec![])
    } else {
        graph.node("Mul", "scaled", &[acc, &m], vec![])
    };
    let sum = graph.node("Add", "offset", &[&scaled, &c], vec![]);
    let floor = graph.node("Floor", "floor", &[&sum], vec![]);
    let (low, high) = match &layer.activation {
        DraftActivation::Table(table) => (0.0, (table.len() - 1) as f64),
        _ => (layer.element.low().into(), layer.element.high().into()),
    };
    let (low, high) = (graph.number("low", low), graph.number("high", high));
    let clipped = graph.node("Clip", "clip", &[&floor, &low, &high], vec![]);

    match (&layer.activation, pixels) {
        (DraftActivation::Table(table), _) => {
            let value =
                |&entry: &i16| pixels.map_or(f32::from(entry), |rule| rule.value(entry as u8));
            let values: Vec<f32> = table.iter().map(value).collect();
            let table = graph.constant("table", &[values.len()], Values::Float(&values));
            let index = graph.cast("index", &clipped, DataType::Int32);
            graph.node("Gather", "looked_up", &[&table, &index], vec![int("axis", 0)])
        }
        (_, None) => graph.cast("quantized", &clipped, DataType::Float),
        (_, Some(rule)) => {
            let (step, low) = (graph.number("step", rule.step()), graph.number("black", rule.low));
            let value = graph.node("Mul", "stretched", &[&clipped, &step], vec![]);
            let value = graph.node("Add", "shifted", &[&value, &low], vec![]);
            graph.cast("value", &value, DataType::Float)
        }
    }
}

/// Adds a constant of per-channel numbers, `[1, C, 1, 1]`, or per-feature ones, `[1, C, H, W]`.
fn numbers(
    graph: &mut Graph,
    name: &str,
    layer: &DraftLayer,
    values: impl Iterator<Item = f64>,
) -> String {
    let (values, [height, width, channels]) = (values.collect::<Vec<_>>(), layer.output);
    if !layer.per_feature {
        return graph.constant(name, &[1, channels, 1, 1], Values::Double(&values));
    }
    let planes = planes(&values, layer.output);
    graph.constant(name, &[1, channels, height, width], Values::Double(&planes))
}
