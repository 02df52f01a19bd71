//! A reference network as a float ONNX in its fastest form: BatchNorm and scales are folded into weights and biases.

use export::onnx::graph::{Graph, Values, geometry, tensor};
use gen_core::format::write::{Draft, DraftActivation, DraftLayer};
use gen_core::requant::FRACTION_BITS;
use prost::Message;
use reference::BIN;

/// 2³²
const ONE: f64 = (1_u64 << FRACTION_BITS) as f64;

/// The bytes of the ONNX file of `draft`: a ConvTranspose and a ReLU per layer, tanh at the end, all in the steps of
/// `draft`.
pub fn encode(draft: &Draft) -> Vec<u8> {
    let mut graph = Graph::default();
    let mut x = "z".to_owned();
    let latent = draft.latent.iter().map(|part| part.len).sum();
    let (mut channels_in, mut step) = (latent, f64::from(draft.latent[0].scale));
    for (index, layer) in draft.layers.iter().enumerate() {
        graph.prefix = format!("layer{index}");
        // The constant contains ½, since the engine rounds down. A table's entry is the value in the middle of its bin.
        let (function, unit, shift) = match &layer.activation {
            DraftActivation::Table(table) => ("Tanh", BIN, table.len() as f64 / 2.0),
            _ => ("Relu", 1.0, 0.5),
        };
        let channels = layer.output[2];
        let factors: Vec<f64> =
            layer.multipliers.iter().map(|&m| f64::from(m) / ONE * unit * step).collect();
        let weights = weights(layer, channels_in, &factors);
        let biases: Vec<f32> =
            layer.constants.iter().map(|&c| ((c as f64 / ONE - shift) * unit) as f32).collect();
        let [kernel, _] = layer.kernel;
        let dims = [channels_in, channels, kernel, kernel];
        let weights = graph.constant("weights", &dims, Values::Float(&weights));
        let biases = graph.constant("biases", &[channels], Values::Float(&biases));
        let attributes = geometry(layer.stride[0], [layer.pad[0]; 4], 0);
        let sums = graph.node("ConvTranspose", "linear", &[&x, &weights, &biases], attributes);
        x = graph.node(function, "function", &[&sums], vec![]);
        (channels_in, step) = (channels, 1.0);
    }
    let [height, width, channels] = draft.layers.last().map_or([0; 3], |layer| layer.output);
    let input = tensor("z", &[latent as i64, 1, 1]);
    let output = tensor(&x, &[channels as i64, height as i64, width as i64]);
    graph.model(&draft.name, vec![input], output, vec![]).encode_to_vec()
}

/// The weights of `layer` in the order `[in][out][row][column]`, from `[out][row][column][in]`, times the `factors` of
/// the output channels.
fn weights(layer: &DraftLayer, channels_in: usize, factors: &[f64]) -> Vec<f32> {
    let taps = layer.kernel[0] * layer.kernel[1];
    let at = |channel: usize, out: usize, tap: usize| {
        let weight = layer.weights[(out * taps + tap) * channels_in + channel];
        (f64::from(weight) * factors[out]) as f32
    };
    let outputs = |channel| {
        (0..factors.len()).flat_map(move |out| (0..taps).map(move |tap| at(channel, out, tap)))
    };
    (0..channels_in).flat_map(outputs).collect()
}
