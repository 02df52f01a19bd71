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
            "node \"{}\": per-feature constants after a second activation are not supported: move them before it",
            layer.end()
        );
    }
    let count = if per_feature { features } else { layer.channels_out };
    let linear = layer.steps.iter().take_while(|step| step.operation.is_affine()).count();
    let (first, rest) = layer.steps.split_at(linear);
    let (scale, bias) = compose(first, count);
    let weights = scaled(layer, &layer.weights, &scale);
    let Some(activation) = activation(rest, is_last, count) else {
        bail!(
            "node \"{}\": several activations with per-channel constants between them do not fit one layer",
            rest[rest.len() - 1].node
        );
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
        if activation(&runs[last][linear..], false, 1).is_none() {
            let step = runs[last].pop();
            runs.push(step.into_iter().collect());
        }
    }
    runs
}

/// The activation that computes `steps`, which lie after the leading affine ones, for `count` channels or features;
/// `None` if no single one does.
fn activation(steps: &[Step], is_last: bool, count: usize) -> Option<Activation> {
    let Some((first, behind)) = steps.split_first() else { return Some(Activation::None) };
    match (first.operation.slopes(), &first.operation) {
        (Some(slopes), _) if behind.is_empty() && slopes == [0.0] => Some(Activation::Relu),
        (Some(slopes), _) if behind.iter().all(|step| step.operation.is_affine()) => {
            let negative = (0..count).map(|i| slopes[i % slopes.len()]).collect();
            let (gain, shift) = compose(behind, count);
            Some(Activation::Slopes { negative, gain, shift })
        }
        (_, Operation::Function(Function::Clip(low, high))) if is_last && behind.is_empty() => {
            Some(Activation::Clip(*low, *high))
        }
        _ if steps.iter().all(|step| step.operation.is_uniform()) => {
            Some(Activation::Curve(steps.iter().map(|step| step.operation.clone()).collect()))
        }
        _ => None,
    }
}

/// Scale and shift of all affine `steps` together, for each of `count` channels or features.
fn compose(steps: &[Step], count: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut scale, mut shift) = (vec![1.0; count], vec![0.0; count]);
    for step in steps {
        let Operation::Affine { scale: s, shift: t } = &step.operation else { continue };
        for i in 0..count {
            let (s, t) = (s[i % s.len()], t[i % t.len()]);
            scale[i] *= s;
            shift[i] = shift[i] * s + t;
        }
    }
    (scale, shift)
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
