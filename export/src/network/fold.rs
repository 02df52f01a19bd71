//! A layer's steps folded into its weights, a bias and one activation.

use crate::network::function::Function;
use crate::network::{Layer, Operation, Step};
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
    /// The smallest and largest number that it was seen to be given, where that is known.
    pub seen: Option<(f64, f64)>,
}

/// What comes after the bias.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// max(x, 0)
    Relu,
    /// `y = gain·(x < 0 ? negative·x : x) + shift`.
    Slopes {
        /// Slopes of negative values, as the bias is.
        negative: Vec<f64>,
        /// Factors behind the activation, likewise.
        gain: Vec<f64>,
        /// Summands behind the activation, likewise.
        shift: Vec<f64>,
    },
    /// Any function, the same for all elements.
    Curve(Vec<Operation>),
    /// Limits; only the last layer has them.
    Clip(f64, f64),
}

/// Folds the steps of `layer` in f64.
///
/// BatchNorm directly behind the linear operation goes into its weights. Behind an activation it
/// stays there: folded forward it would be wrong at the borders of the next convolution.
///
/// # Errors
/// Where the steps are more than one epilogue can do, see [`epilogues`].
pub fn fold(layer: &Layer, is_last: bool) -> Result<Folded> {
    let features = layer.features();
    let longest = layer.steps.iter().map(|step| match &step.operation {
        Operation::Affine { shift: numbers, .. } | Operation::Slopes(numbers) => numbers.len(),
        Operation::Function(_) | Operation::Both(_) | Operation::Choice(_) => 0,
    });
    let per_feature = longest.max().is_some_and(|longest| longest > layer.channels_out);
    if per_feature && layer.kind != crate::network::Kind::Dense {
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
    Ok(Folded { weights, bias, per_feature, activation, seen: None })
}

/// Steps split into runs that one epilogue each can do: what stands between them is 8 bits.
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

/// What steps behind the affine ones come to.
enum Kind {
    None,
    /// Two slopes, of the negative numbers these; then affine steps.
    Slopes(Vec<f64>),
    Clip(f64, f64),
    Curve,
}

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

/// `scale·x + shift`, then an affine operation, its numbers widened.
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

/// `weights` of the layer times `scale`, which is per channel or per feature.
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
