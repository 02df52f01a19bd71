//! Quantises a float network to the integers of a `.gen` file, and proves that they cannot overflow.
//!
//! - `scale`: the scale of a channel's weights; `rounding`: 8-bit weights rounded for their inputs
//! - `epilogue`: multipliers, constants and lookup tables
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
mod rounding;
mod scale;
#[cfg(test)]
mod tests;

use crate::network::fold::Folded;
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::picture::pixel_rule::PixelRule;
use crate::quantize::mix::Mix;
use anyhow::{Result, anyhow, ensure};
use epilogue::Target;
pub(crate) use epilogue::{ONE, TABLE};
use gen_core::element::{Element, Weight};
use gen_core::format::write::{DraftActivation, DraftLayer};
pub use rounding::Inputs;

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
        let make = |coarser: &[f64]| {
            quantize_layer(layer, folded, (mix.weight(index), coarser), input, target)
        };
        let (mut draft, mut scales) = make(&vec![1.0; layer.channels_out])?;
        if draft.weight == Weight::Wide {
            let coarser = bound::overflow(&draft, input_shape, input.element);
            if coarser.iter().any(|times| *times > 1.0) {
                (draft, scales) = make(&coarser)?;
            }
        }
        if draft.weight == Weight::Byte && !draft.per_feature {
            // Every channel has a scale.
            let channels = folded.weights.chunks_exact(layer.channel_len()).zip(&scales);
            let real = channels.flat_map(|(reals, scale)| reals.iter().map(move |w| w / scale));
            draft.weights = inputs.round(index, layer, real.collect(), draft.weights);
        }
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

/// Quantises a layer, its weights to the nearest steps. Returns it with the scales of its weights, which are those that
/// just hold the largest weight, times the factors `coarser` of the channels.
fn quantize_layer(
    layer: &Layer,
    folded: &Folded,
    (weight, coarser): (Weight, &[f64]),
    input: Quantization,
    target: Target,
) -> Result<(DraftLayer, Vec<f64>)> {
    let channels = layer.channels_out;
    let positions = layer.rows.kernel * layer.columns.kernel;
    // Number `i` belongs to a channel, or to a feature, which has the weights of one kernel position.
    let mut weights = vec![0; folded.weights.len()];
    let mut scales = Vec::with_capacity(folded.bias.len());
    let floor = epilogue::scale_floor(folded, weight, input.scale, target);
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
    let units: Vec<f64> = scales.iter().map(|scale| scale * input.scale).collect();
    let epilogue = epilogue::epilogue(folded, &units, weight, target)
        .map_err(|(i, why)| refuse(layer, i % channels, &why))?;
    let draft = DraftLayer {
        zero_point: input.zero_point,
        element: match target {
            Target::Tensor(tensor) => tensor.element,
            Target::Pixels(_) => Element::Byte,
        },
        weight,
        weights,
        per_feature: folded.per_feature,
        multipliers: epilogue.multipliers,
        constants: epilogue.constants,
        activation: epilogue.activation,
        ..layer.draft()
    };
    Ok((draft, scales))
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
        let steps = scaled as f64 / f64::from(u32::MAX);
        let is_table = matches!(draft.activation, DraftActivation::Table(_));
        let unit = if is_table { epilogue::ENTRIES } else { epilogue::STEPS };
        let why = format!("its sums reach {steps:.1e} {unit}: its weights are far too large");
        ensure!(scaled < 1 << 53, refuse(layer, channel, &why));
    }
    Ok(())
}
