//! The simplest float implementation, for comparison in tests. It shares no geometry with gen-core.

use crate::network::fold::{Activation, Folded};
use crate::network::linear::pairs;
use crate::network::{Layer, LayerKind, Network};

/// The network's output for `z`, HWC, computed step by step.
pub(crate) fn run(network: &Network, z: &[f64]) -> Vec<f64> {
    network.layers.iter().fold(z.to_vec(), |x, layer| run_layer(layer, &x))
}

/// The output of one layer, HWC, computed step by step.
pub(crate) fn run_layer(layer: &Layer, x: &[f64]) -> Vec<f64> {
    let weights: Vec<f64> = layer.weights.iter().map(|&w| f64::from(w)).collect();
    let mut y = linear(layer, &weights, x);
    for step in &layer.steps {
        for (i, y) in y.iter_mut().enumerate() {
            *y = step.operation.at(*y, i);
        }
    }
    y
}

/// The output of one folded layer, HWC.
pub(crate) fn run_folded(layer: &Layer, folded: &Folded, x: &[f64]) -> Vec<f64> {
    let y = linear(layer, &folded.weights, x);
    let count = folded.bias.len();
    let finish = |(i, y): (usize, &f64)| {
        let y = y + folded.bias[i % count];
        match &folded.activation {
            Activation::None => y,
            Activation::Relu => y.max(0.0),
            Activation::Slopes { negative, gain, shift } => {
                let slope = if y < 0.0 { negative[i % count] } else { 1.0 };
                gain[i % count] * slope * y + shift[i % count]
            }
            Activation::Curve(operations) => crate::network::operation::all(operations, y),
            Activation::Clip(low, high) => y.clamp(*low, *high),
        }
    };
    y.iter().enumerate().map(finish).collect()
}

/// The linear operation: adds every product of an input and a weight to the output that it contributes to.
fn linear(layer: &Layer, weights: &[f64], x: &[f64]) -> Vec<f64> {
    let (rows, columns) = (&layer.rows, &layer.columns);
    let mut y = vec![0.0; layer.features()];
    for (iy, ix) in pairs([rows.input, columns.input]) {
        for (ky, kx) in pairs([rows.kernel, columns.kernel]) {
            let reached = |i: usize, k: usize, stride: usize, pad: usize| match layer.kind {
                LayerKind::Dense | LayerKind::Transposed => (i * stride + k).checked_sub(pad),
                LayerKind::Plain => {
                    let at = (i + pad).checked_sub(k)?;
                    at.is_multiple_of(stride).then_some(at / stride)
                }
            };
            let (Some(oy), Some(ox)) = (
                reached(iy, ky, rows.stride, rows.pad),
                reached(ix, kx, columns.stride, columns.pad),
            ) else {
                continue;
            };
            if oy >= rows.output || ox >= columns.output {
                continue;
            }
            for (out, input) in pairs([layer.channels_out, layer.channels_in]) {
                let weight = ((out * rows.kernel + ky) * columns.kernel + kx) * layer.channels_in;
                let from = (iy * columns.input + ix) * layer.channels_in;
                let to = (oy * columns.output + ox) * layer.channels_out;
                y[to + out] += weights[weight + input] * x[from + input];
            }
        }
    }
    y
}
