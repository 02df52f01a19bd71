//! Folds a layer's steps into its weights, a bias and one activation.

use crate::latent;
use crate::network::function::Function;
use crate::network::operation::{Operation, Step};
use crate::network::{Layer, Network};
use anyhow::{Result, bail};

/// A layer that consists of one linear operation, one bias and one activation.
#[derive(Clone, Debug)]
pub struct Folded {
    /// Weights, `[out][kernel row][kernel column][in]`.
    pub weights: Vec<f64>,
    /// Biases per channel, or per feature in HWC order.
    pub bias: Vec<f64>,
    /// Whether biases and the activation's numbers are per feature instead of per channel.
    pub per_feature: bool,
    /// The activation after the bias.
    pub activation: Activation,
    /// Smallest and largest input of the [`Activation::Curve`] in calibration, if recorded.
    pub looked_up: Option<(f64, f64)>,
}

/// The activation after the bias.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// No activation.
    None,
    /// max(x, 0)
    Relu,
    /// `y = gain·(x < 0 ? negative·x : x) + shift`.
    Slopes {
        /// Slopes for negative values, per channel or per feature as the bias.
        negative: Vec<f64>,
        /// Factors after the slopes, per channel or per feature as the bias.
        gain: Vec<f64>,
        /// Summands after the slopes, per channel or per feature as the bias.
        shift: Vec<f64>,
    },
    /// Any function that is the same for all elements. It becomes a lookup table.
    Curve(Vec<Operation>),
    /// Clamps to a lower and an upper limit. Only the last layer has it.
    Clip(f64, f64),
}

/// Folds all layers of `network`. The first layer's weights are those for latents in steps of the first part.
///
/// # Errors
///
/// If the steps of a layer do not fit into one epilogue.
pub fn fold_all(network: &Network) -> Result<Vec<Folded>> {
    let last = network.layers.len() - 1;
    let layers = network.layers.iter().enumerate();
    let folded = layers.map(|(index, layer)| fold(layer, index == last));
    let mut folded = folded.collect::<Result<Vec<_>>>()?;
    let ratios = latent::ratios(&network.latent);
    for (weight, ratio) in folded[0].weights.iter_mut().zip(ratios.iter().cycle()) {
        *weight *= ratio;
    }
    Ok(folded)
}

/// Folds the steps of `layer` in f64.
///
/// BatchNorm directly after the linear operation goes into the weights. After an activation it stays there: folded
/// into the next convolution, it would be wrong at the map's borders.
///
/// # Errors
///
/// If the steps do not fit into one epilogue, see [`epilogues`].
pub fn fold(layer: &Layer, is_last: bool) -> Result<Folded> {
    let features = layer.features();
    let longest = layer.steps.iter().map(|step| match &step.operation {
        Operation::Affine { shift: numbers, .. } | Operation::Slopes(numbers) => numbers.len(),
        Operation::Function(_) | Operation::Both(_) | Operation::Choice(_) => 0,
    });
    let per_feature = longest.max().is_some_and(|longest| longest > layer.channels_out);
    if per_feature && layer.kind != crate::network::LayerKind::Dense {
        bail!(
            "node \"{}\": numbers of each feature behind another activation: put it in front of that",
            layer.end()
        );
    }
    let count = if per_feature { features } else { layer.channels_out };
    let widen =
        |values: &[f64]| -> Vec<f64> { (0..count).map(|i| values[i % values.len()]).collect() };

    let linear = layer.steps.iter().take_while(|step| step.operation.is_affine()).count();
    let (first, rest) = layer.steps.split_at(linear);
    let (mut scale, mut bias) = (vec![1.0; count], vec![0.0; count]);
    for step in first {
        then(&mut scale, &mut bias, &step.operation, widen);
    }
    let weights = scaled(layer, &layer.weights, &scale);
    let activation = match activation(rest) {
        Some(Kind::None) => Activation::None,
        Some(Kind::Clip(low, high)) if is_last => Activation::Clip(low, high),
        Some(Kind::Slopes(slopes)) if rest.len() == 1 && slopes == [0.0] => Activation::Relu,
        Some(Kind::Slopes(slopes)) => {
            let (mut gain, mut shift) = (vec![1.0; count], vec![0.0; count]);
            for step in &rest[1..] {
                then(&mut gain, &mut shift, &step.operation, widen);
            }
            Activation::Slopes { negative: widen(&slopes), gain, shift }
        }
        Some(Kind::Curve | Kind::Clip(..)) => {
            Activation::Curve(rest.iter().map(|step| step.operation.clone()).collect())
        }
        None => bail!(
            "node \"{}\": more than one activation, and numbers of each channel, behind a layer",
            rest[rest.len() - 1].node
        ),
    };
    Ok(Folded { weights, bias, per_feature, activation, looked_up: None })
}

/// Splits steps into runs that fit into one epilogue each. The tensors between the runs are quantised.
pub fn epilogues(steps: Vec<Step>) -> Vec<Vec<Step>> {
    let mut runs: Vec<Vec<Step>> = vec![Vec::new()];
    for step in steps {
        let last = runs.len() - 1;
        runs[last].push(step);
        let linear = runs[last].iter().take_while(|step| step.operation.is_affine()).count();
        if activation(&runs[last][linear..]).is_none() {
            let step = runs[last].pop();
            runs.push(step.into_iter().collect());
        }
    }
    runs
}

/// The kind of epilogue that the steps after the leading affine ones need.
enum Kind {
    /// There are no such steps.
    None,
    /// Two slopes, then affine steps. The slopes are those for negative values.
    Slopes(Vec<f64>),
    /// A clamp alone.
    Clip(f64, f64),
    /// Any steps that are the same for all elements.
    Curve,
}

/// The kind of epilogue that fits `steps`, which lie after the leading affine ones; `None` if no single one does.
fn activation(steps: &[Step]) -> Option<Kind> {
    let Some((first, rest)) = steps.split_first() else { return Some(Kind::None) };
    match (first.operation.slopes(), &first.operation) {
        (Some(slopes), _) if rest.iter().all(|step| step.operation.is_affine()) => {
            Some(Kind::Slopes(slopes))
        }
        (_, Operation::Function(Function::Clip(low, high))) if rest.is_empty() => {
            Some(Kind::Clip(*low, *high))
        }
        _ => steps.iter().all(|step| step.operation.is_uniform()).then_some(Kind::Curve),
    }
}

/// Composes `scale·x + shift` with an affine operation after it. `widen` brings the operation's numbers to the same
/// length.
fn then(
    scale: &mut [f64],
    shift: &mut [f64],
    operation: &Operation,
    widen: impl Fn(&[f64]) -> Vec<f64>,
) {
    let Operation::Affine { scale: s, shift: t } = operation else { return };
    let (s, t) = (widen(s), widen(t));
    for i in 0..scale.len() {
        scale[i] *= s[i];
        shift[i] = shift[i] * s[i] + t[i];
    }
}

/// The layer's `weights` times `scale`, which is per channel or per feature.
pub(crate) fn scaled<T: Copy + Into<f64>>(layer: &Layer, weights: &[T], scale: &[f64]) -> Vec<f64> {
    let (positions, channels) = (layer.channel_len() / layer.channels_in, layer.channels_out);
    let per_feature = scale.len() > channels;
    let runs = weights.chunks_exact(layer.channels_in).enumerate();
    runs.flat_map(|(run, weights)| {
        let (out, position) = (run / positions, run % positions);
        let factor = if per_feature { scale[position * channels + out] } else { scale[out] };
        weights.iter().map(move |&w| w.into() * factor)
    })
    .collect()
}

#[cfg(test)]
mod tests;
