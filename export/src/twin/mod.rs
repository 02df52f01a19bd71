//! The quantised ONNX: the same integers as the `.gen` file, in ordinary operators, so that any
//! ONNX runtime gives the device's pixels.
//!
//! Convolutions run in float, which is exact on integers while no partial sum reaches 2²⁴; where
//! that can't be proven, the input channels are split and the parts added in double. Epilogues run
//! in double, exact below 2⁵³. No rounding of a runtime's own is involved.

mod linear;

use crate::graph::{Graph, Values, int};
use crate::latents;
use crate::network::Network;
use crate::pixels::PixelRule;
use anyhow::{Context, Result};
use gen_core::format::write::{Draft, DraftActivation, DraftLayer};
use gen_core::latent::LATENT_MAX;
use gen_core::requant::FRACTION_BITS;
use prost::Message;
use tract_onnx::pb::{ModelProto, tensor_proto::DataType};

/// 2³²
const ONE: f64 = (1_u64 << FRACTION_BITS) as f64;

/// The ONNX file that computes what `draft` does, with the inputs and outputs of `network`.
///
/// # Errors
/// If a layer's kernel is so large that its sums can't be exact in float.
pub fn encode(draft: &Draft, network: &Network, pixels: PixelRule) -> Result<Vec<u8>> {
    let mut graph = Graph { prefix: "latent".to_owned(), ..Graph::default() };
    let flat = network.input_shape.len() == 2;
    let mut x = latent(&mut graph, &network.input.name, draft.latent.scale, flat);
    let mut input = [1, 1, draft.latent.len];
    for (index, layer) in draft.layers.iter().enumerate() {
        graph.prefix = format!("layer{index}");
        if layer.zero_point != 0 {
            let zero = f32::from(layer.zero_point);
            let zero = graph.constant("zero_point", &[], Values::Float(&[zero]));
            x = graph.node("Sub", "centred", &[&x, &zero], vec![]);
        }
        let acc = linear::accumulate(&mut graph, layer, input, index == 0, &x)
            .with_context(|| format!("node \"{}\"", network.layers[index].name))?;
        let is_last = index + 1 == draft.layers.len();
        x = epilogue(&mut graph, layer, &acc, is_last.then_some(pixels));
        input = layer.output;
    }
    if let Some(last) = graph.nodes.last_mut() {
        last.output = vec![network.output.name.clone()];
    }
    Ok(model(graph, draft, network, pixels).encode_to_vec())
}

/// Latents to 12-bit integers, in double as the engine does it.
fn latent(graph: &mut Graph, input: &str, scale: f32, flat: bool) -> String {
    let limit = f64::from(LATENT_MAX);
    let scale = graph.number("scale", f64::from(scale));
    let half = graph.number("half", 0.5);
    let (low, high) = (graph.number("low", -limit), graph.number("high", limit));
    let x = graph.cast("double", input, DataType::Double);
    let x = graph.node("Mul", "steps", &[&x, &scale], vec![]);
    let x = graph.node("Add", "rounding", &[&x, &half], vec![]);
    let x = graph.node("Floor", "floor", &[&x], vec![]);
    let x = graph.node("Clip", "clip", &[&x, &low, &high], vec![]);
    let x = graph.cast("quantized", &x, DataType::Float);
    if flat {
        let axes = graph.constant("axes", &[2], Values::Int64(&[2, 3]));
        graph.node("Unsqueeze", "map", &[&x, &axes], vec![])
    } else {
        x
    }
}

/// The accumulator `acc` (double) to the layer's `u8` as floats, or to output values by `pixels`.
fn epilogue(graph: &mut Graph, layer: &DraftLayer, acc: &str, pixels: Option<PixelRule>) -> String {
    let fixed = |values: &[i64]| -> Vec<f64> { values.iter().map(|&v| v as f64 / ONE).collect() };
    let widened = |values: &[i32]| -> Vec<i64> { values.iter().map(|&v| i64::from(v)).collect() };
    let m = numbers(graph, "m", layer, &fixed(&widened(&layer.multipliers)));
    let c = numbers(graph, "c", layer, &fixed(&layer.constants));

    let scaled = if let DraftActivation::Slopes { negative, biases } = &layer.activation {
        let negative = numbers(graph, "m_negative", layer, &fixed(&widened(negative)));
        let biases: Vec<f64> = biases.iter().map(|&b| f64::from(b)).collect();
        let biases = numbers(graph, "b", layer, &biases);
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
    let largest = match &layer.activation {
        DraftActivation::Table(table) => table.len() - 1,
        _ => 255,
    };
    let (low, high) = (graph.number("low", 0.0), graph.number("high", largest as f64));
    let clipped = graph.node("Clip", "clip", &[&floor, &low, &high], vec![]);

    match (&layer.activation, pixels) {
        (DraftActivation::Table(table), _) => {
            let value = |&entry: &u8| pixels.map_or(f32::from(entry), |rule| rule.value(entry));
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

/// Per-channel numbers as `[1, C, 1, 1]`, per-feature ones as `[1, C, H, W]`.
fn numbers(graph: &mut Graph, name: &str, layer: &DraftLayer, values: &[f64]) -> String {
    let [height, width, channels] = layer.output;
    if !layer.per_feature {
        return graph.constant(name, &[1, channels, 1, 1], Values::Double(values));
    }
    let positions = height * width;
    let planes: Vec<f64> =
        (0..values.len()).map(|i| values[i % positions * channels + i / positions]).collect();
    graph.constant(name, &[1, channels, height, width], Values::Double(&planes))
}

fn model(graph: Graph, draft: &Draft, network: &Network, pixels: PixelRule) -> ModelProto {
    let hex: String = draft.source.iter().map(|byte| format!("{byte:02x}")).collect();
    let metadata = [
        (PixelRule::METADATA, pixels.to_string()),
        (latents::METADATA, latents::name(draft.latent.distribution).to_owned()),
        ("pocket_dcgan.source_sha256", hex),
    ];
    graph.model(&draft.name, network.input.clone(), network.output.clone(), metadata.into())
}
