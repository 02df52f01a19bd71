//! Quantises a float network to the integers of a `.gen` file, and proves that they cannot overflow.
//!
//! - `scale`: the scale of a channel's weights; `inputs`: recorded inputs of the layers; `rounding`: 8-bit weights
//!   rounded for these
//! - `epilogue`: multipliers and constants; `table`: lookup tables
//! - `bound`: how large accumulators can become, and whether the quantised ONNX is exact
//! - [`sensitivity`]: what each layer's 8 bits cost; [`mix`]: which numbers have 12 bits
//! - [`plans`]: the weight bytes read with more or less working memory
//! - [`gen_file`]: the bytes of the `.gen` file

pub mod gen_file;
pub mod mix;
pub mod plans;
pub mod sensitivity;

pub(crate) mod bound;
mod epilogue;
mod inputs;
mod rounding;
mod scale;
mod table;
#[cfg(test)]
mod tests;

use crate::network::fold::Folded;
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::picture::pixel_rule::PixelRule;
use crate::quantize::mix::Mix;
use anyhow::{Result, anyhow, ensure};
pub(crate) use epilogue::ONE;
use epilogue::{Sums, Target};
use gen_core::element::{Element, Weight};
use gen_core::format::write::{DraftActivation, DraftLayer};
pub use inputs::Inputs;
pub(crate) use table::TABLE;

/// A quantised network.
#[derive(Clone, Debug)]
pub struct Quantized<'f> {
    /// Its layers, in integers.
    pub layers: Vec<DraftLayer>,
    /// The real numbers that each layer stands for.
    pub reals: Vec<Real<'f>>,
}

/// The real numbers that a quantised layer stands for.
#[derive(Clone, Debug)]
pub struct Real<'f> {
    /// The layer before it was quantised.
    pub folded: &'f Folded,
    /// Scale of the weights (the real value of one step), per channel or per feature.
    pub scales: Vec<f64>,
    /// Quantisation of its input.
    pub input: Quantization,
}

/// Quantises all layers of `network`.
///
/// - `folded`: its layers, folded
/// - `tensors`: the quantisation of every output but the last
/// - `mix`: which weights have 12 bits
/// - `pixels`: the pixel rule of the last output
/// - `inputs`: recorded inputs of the layers, for rounding 8-bit weights
///
/// # Errors
///
/// If a number doesn't fit, naming layer and channel.
pub fn quantize<'f>(
    network: &Network,
    folded: &'f [Folded],
    tensors: &[Quantization],
    mix: &Mix,
    pixels: PixelRule,
    inputs: &Inputs,
) -> Result<Quantized<'f>> {
    let mut quantized = Quantized { layers: Vec::new(), reals: Vec::new() };
    let first = network.latent.first().map_or(1.0, |part| f64::from(part.scale));
    let element = Element::Wide { signed: true };
    let mut input = Quantization { scale: 1.0 / first, zero_point: 0, element };
    let mut input_shape = [1, 1, network.latent_len()];
    for (index, (layer, folded)) in network.layers.iter().zip(folded).enumerate() {
        let is_last = index + 1 == network.layers.len();
        let target = if is_last { Target::Pixels(pixels) } else { Target::Tensor(tensors[index]) };
        let weight = mix.weight(index);
        let round = |scales: &[f64], nearest: Vec<i16>| {
            if weight == Weight::Wide || folded.per_feature {
                return nearest;
            }
            // Every channel has a scale.
            let channels = folded.weights.chunks_exact(layer.channel_len()).zip(scales);
            let real = channels.flat_map(|(reals, scale)| reals.iter().map(move |w| w / scale));
            inputs.round(index, layer, real.collect(), nearest)
        };
        let (draft, scales) =
            quantize_layer(layer, folded, weight, (input, input_shape), target, &round)?;
        prove(layer, &draft, input_shape, input.element)?;
        input_shape = draft.output;
        quantized.layers.push(draft);
        quantized.reals.push(Real { folded, scales, input });
        if !is_last {
            input = tensors[index];
        }
    }
    Ok(quantized)
}

/// Gets the scales of a layer's weights and the nearest steps, and returns the steps to use.
type Round<'r> = dyn Fn(&[f64], Vec<i16>) -> Vec<i16> + 'r;

/// Quantises a layer, whose input is `input` in maps of `input_shape`. Returns it with the scales of its weights.
///
/// # Errors
///
/// If a number doesn't fit, naming layer and channel.
fn quantize_layer(
    layer: &Layer,
    folded: &Folded,
    weight: Weight,
    (input, input_shape): (Quantization, [usize; 3]),
    target: Target,
    round: &Round,
) -> Result<(DraftLayer, Vec<f64>)> {
    let channels = layer.channels_out;
    let floor = epilogue::scale_floor(folded, weight, input.scale, target);
    let nearest = |coarser: &[f64]| nearest(layer, folded, weight, &floor, coarser);
    let (weights, mut scales) = nearest(&vec![1.0; channels]);
    let mut draft = DraftLayer {
        zero_point: input.zero_point,
        element: match target {
            Target::Tensor(tensor) => tensor.element,
            Target::Pixels(_) => Element::Byte,
        },
        weight,
        weights,
        per_feature: folded.per_feature,
        ..layer.draft()
    };
    if weight == Weight::Wide {
        let coarser = bound::overflow(&draft, input_shape, input.element);
        if coarser.iter().any(|times| *times > 1.0) {
            (draft.weights, scales) = nearest(&coarser);
        }
    }
    draft.weights = round(&scales, draft.weights);
    let units: Vec<f64> = scales.iter().map(|scale| scale * input.scale).collect();
    let reaches = bound::reach(&draft, input_shape, input.element, 0..input_shape[2]);
    let reaches: Vec<i64> = (0..units.len()).map(|i| reaches[i % channels].magnitude()).collect();
    let sums = Sums { units: &units, reaches: &reaches };
    let epilogue = epilogue::epilogue(folded, sums, weight, target)
        .map_err(|(i, why)| refuse(layer, i % channels, &why))?;
    draft.multipliers = epilogue.multipliers;
    draft.constants = epilogue.constants;
    draft.activation = epilogue.activation;
    Ok((draft, scales))
}

/// The weights of a layer in their nearest steps, with their scales per channel or feature. These just hold the largest
/// weight and are at least `floor`, times the factors `coarser` of the channels.
fn nearest(
    layer: &Layer,
    folded: &Folded,
    weight: Weight,
    floor: &dyn Fn(usize) -> f64,
    coarser: &[f64],
) -> (Vec<i16>, Vec<f64>) {
    let channels = layer.channels_out;
    let positions = layer.rows.kernel * layer.columns.kernel;
    // Number `i` belongs to a channel, or to a feature, which has the weights of one kernel position.
    let mut weights = vec![0; folded.weights.len()];
    let mut scales = Vec::with_capacity(folded.bias.len());
    for i in 0..folded.bias.len() {
        let (begin, len) = if folded.per_feature {
            let (position, out) = (i / channels, i % channels);
            ((out * positions + position) * layer.channels_in, layer.channels_in)
        } else {
            (i * layer.channel_len(), layer.channel_len())
        };
        let real = &folded.weights[begin..begin + len];
        let scale = scale::choose(real, weight, floor(i)) * coarser[i % channels];
        for (quantized, &w) in weights[begin..begin + len].iter_mut().zip(real) {
            *quantized = scale::quantize(w, weight, scale);
        }
        scales.push(scale);
    }
    (weights, scales)
}

/// An error that names node and output channel.
fn refuse(layer: &Layer, channel: usize, why: &str) -> anyhow::Error {
    anyhow!("node \"{}\", output channel {channel}: {why}", layer.name)
}

/// Proves that nothing overflows: accumulators stay within `i32`, and `acc·m + C` within 2⁵³, where the doubles of
/// the quantised ONNX are exact.
///
/// # Errors
///
/// If a channel could overflow, or 12-bit sums cannot be exact in the quantised ONNX.
fn prove(layer: &Layer, draft: &DraftLayer, input: [usize; 3], element: Element) -> Result<()> {
    // A kernel that large hardly occurs with bytes. Writing the quantised ONNX then fails with its own message.
    let wide = element.is_wide() || draft.weight == Weight::Wide;
    ensure!(
        !wide || bound::is_exact(draft, input, element),
        "node \"{}\": its kernel is too large for an exact quantised ONNX of 12 bits: use 8 bits or a smaller kernel",
        layer.name
    );
    let reaches = bound::reach(draft, input, element, 0..input[2]);
    let channels = draft.output[2];
    for (i, (&m, &c)) in draft.multipliers.iter().zip(&draft.constants).enumerate() {
        let channel = i % channels;
        let (mut acc, mut m) = (reaches[channel].magnitude(), i64::from(m).abs());
        if let DraftActivation::Slopes { negative, biases } = &draft.activation {
            acc += i64::from(biases[i]).abs();
            m = m.max(i64::from(negative[i]).abs());
        }
        ensure!(
            acc < 1 << 31,
            refuse(layer, channel, &format!("its sums reach {acc}, possible: below 2³¹"))
        );
        let scaled = i128::from(acc) * i128::from(m) + i128::from(c.abs());
        let steps = scaled as f64 / epilogue::ONE;
        let why = format!(
            "its sums reach {steps:.1e} steps of its output: its weights are far too large"
        );
        ensure!(scaled < 1 << 53, refuse(layer, channel, &why));
    }
    Ok(())
}
