//! A layer's steps folded into its weights, a bias and one activation.

use crate::network::{Function, Layer, Operation};
use anyhow::{Result, bail};

/// A layer with nothing left but one linear operation, one bias and one activation.
#[derive(Clone, Debug)]
pub struct Folded {
    /// `[out][kernel row][kernel column][in]`.
    pub weights: Vec<f64>,
    /// Per channel, or per feature in HWC order.
    pub bias: Vec<f64>,
    /// Whether the numbers are per feature.
    pub per_feature: bool,
    /// What comes after the bias.
    pub activation: Activation,
}

/// What comes after the bias.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// max(x, 0)
    Relu,
    /// `y = gain·(x < 0 ? negative·x : x) + shift`, gain and shift as the bias is.
    Slopes {
        /// Slope of negative values.
        negative: f64,
        /// Factors behind the activation.
        gain: Vec<f64>,
        /// Summands behind the activation.
        shift: Vec<f64>,
    },
    /// tanh or sigmoid.
    Curve(Function),
    /// Limits; only the last layer has them.
    Clip(f64, f64),
}

/// Folds the steps of `layer` in f64.
///
/// BatchNorm directly behind the linear operation goes into its weights. Behind an activation it
/// stays there: folded forward it would be wrong at the borders of the next convolution.
///
/// # Errors
/// Where the steps are more than one epilogue can do.
pub fn fold(layer: &Layer, is_last: bool) -> Result<Folded> {
    let features = layer.features();
    let longest = layer.steps.iter().map(|step| match &step.operation {
        Operation::Affine { shift, .. } => shift.len(),
        Operation::Function(_) => 0,
    });
    let per_feature = longest.max().is_some_and(|longest| longest > layer.channels_out);
    let count = if per_feature { features } else { layer.channels_out };
    let widen =
        |values: &[f64]| -> Vec<f64> { (0..count).map(|i| values[i % values.len()]).collect() };

    let (mut scale, mut bias) = (vec![1.0; count], vec![0.0; count]);
    let mut activation = Activation::None;
    for step in &layer.steps {
        activation = match (&step.operation, activation) {
            (Operation::Affine { scale: s, shift }, Activation::None) => {
                then(&mut scale, &mut bias, &widen(s), &widen(shift));
                Activation::None
            }
            (Operation::Affine { scale, shift }, Activation::Relu) => {
                Activation::Slopes { negative: 0.0, gain: widen(scale), shift: widen(shift) }
            }
            (
                Operation::Affine { scale: s, shift: t },
                Activation::Slopes { negative, mut gain, mut shift },
            ) => {
                then(&mut gain, &mut shift, &widen(s), &widen(t));
                Activation::Slopes { negative, gain, shift }
            }
            (Operation::Function(function), Activation::None) => match *function {
                Function::Relu => Activation::Relu,
                Function::LeakyRelu(negative) => {
                    let (gain, shift) = (vec![1.0; count], vec![0.0; count]);
                    Activation::Slopes { negative, gain, shift }
                }
                Function::Clip(low, high) if is_last => Activation::Clip(low, high),
                Function::Clip(..) => {
                    bail!("node \"{}\": Clip is supported on the output only: use Relu", step.node)
                }
                curve => Activation::Curve(curve),
            },
            (operation, _) => bail!(
                "node \"{}\": {} behind {} cannot be converted: one activation a layer, \
                 BatchNormalization behind Relu or LeakyRelu only",
                step.node,
                operator(operation),
                first_function(layer),
            ),
        };
    }
    let weights = scaled(layer, &scale);
    Ok(Folded { weights, bias, per_feature, activation })
}

/// `scale·x + shift`, then `s·x + t`.
fn then(scale: &mut [f64], shift: &mut [f64], s: &[f64], t: &[f64]) {
    for i in 0..scale.len() {
        scale[i] *= s[i];
        shift[i] = shift[i] * s[i] + t[i];
    }
}

/// The layer's weights times `scale`, which is per channel or per feature.
fn scaled(layer: &Layer, scale: &[f64]) -> Vec<f64> {
    let (positions, channels) = (layer.channel_len() / layer.channels_in, layer.channels_out);
    let per_feature = scale.len() > channels;
    let runs = layer.weights.chunks_exact(layer.channels_in).enumerate();
    runs.flat_map(|(run, weights)| {
        let (out, position) = (run / positions, run % positions);
        let factor = if per_feature { scale[position * channels + out] } else { scale[out] };
        weights.iter().map(move |&w| f64::from(w) * factor)
    })
    .collect()
}

fn operator(operation: &Operation) -> &'static str {
    match operation {
        Operation::Affine { .. } => "BatchNormalization or Add",
        Operation::Function(function) => function.operator(),
    }
}

fn first_function(layer: &Layer) -> &'static str {
    let mut operations = layer.steps.iter().map(|step| &step.operation);
    let first = operations.find(|operation| matches!(operation, Operation::Function(_)));
    first.map_or("nothing", operator)
}

#[cfg(test)]
mod tests;
