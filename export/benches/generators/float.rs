//! A reference network as a float ONNX in its fastest form: BatchNorm and scales are folded into weights and biases.

use export::network::linear::Linear;
use export::onnx::graph::{Graph, Values, tensor};
use gen_core::format::write::{Draft, DraftActivation};
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
    let latent: usize = draft.latent.iter().map(|part| part.len).sum();
    let (mut map, mut step) = ([1, 1, latent], f64::from(draft.latent[0].scale));
    for (index, layer) in draft.layers.iter().enumerate() {
        graph.prefix = format!("layer{index}");
        // The constant contains ½, since the engine rounds down. A table's entry is the value in the middle of its bin.
        let (function, unit, shift) = match &layer.activation {
            DraftActivation::Table(table) => ("Tanh", BIN, table.len() as f64 / 2.0),
            _ => ("Relu", 1.0, 0.5),
        };
        let ([_, _, channels_in], [_, _, channels_out]) = (map, layer.output);
        let axes = [layer.axis(map, 0), layer.axis(map, 1)];
        let linear = Linear { axes, channels_in, channels_out };
        let factor = |out: usize| f64::from(layer.multipliers[out]) / ONE * unit * step;
        let taps = layer.kernel[0] * layer.kernel[1];
        let (dims, weights) = linear.weights(|out, tap, input| {
            let weight = layer.weights[(out * taps + tap) * channels_in + input];
            (f64::from(weight) * factor(out)) as f32
        });
        let biases: Vec<f32> =
            layer.constants.iter().map(|&c| ((c as f64 / ONE - shift) * unit) as f32).collect();
        let weights = graph.constant("weights", &dims, Values::Float(&weights));
        let biases = graph.constant("biases", &[channels_out], Values::Float(&biases));
        let sums = linear.add(&mut graph, "", &x, &weights, Some(&biases));
        x = graph.node(function, "function", &[&sums], vec![]);
        (map, step) = (layer.output, 1.0);
    }
    let [height, width, channels] = map.map(|side| side as i64);
    let input = tensor("z", &[latent as i64, 1, 1]);
    let output = tensor(&x, &[channels, height, width]);
    graph.model(&draft.name, vec![input], output, vec![]).encode_to_vec()
}
