//! Compares a reading of a checkpoint with what its BatchNorms have seen.
//!
//! A BatchNorm stores the mean and the variance of its inputs during training. The same numbers of pictures drawn by the
//! right reading agree with them; another order of layers, activation, slope, upsampling, or place of the label does not.
//! As in training, a BatchNorm here normalises by the moments of the pictures drawn, so that a misfit shows at the first
//! BatchNorm behind what is wrong, and at no other. Layers behind the last BatchNorm are not tested by this.

use crate::checkpoint::output::onnx::{self, LABEL, Moments, NOISE, Normed, Written};
use crate::checkpoint::reading::architecture::Architecture;
use crate::checkpoint::tensor::Tensor;
use crate::latent::{self, inputs, part, wish};
use crate::onnx::graph::{labels, tensor};
use crate::onnx::input::Input;
use crate::onnx::run::Onnx;
use crate::onnx::source::Source;
use anyhow::Result;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;

/// Pictures drawn for the first layer's BatchNorm, whose input has few values.
const FIRST_PICTURES: usize = 1024;
/// Pictures drawn for other BatchNorms.
const PICTURES: usize = 192;
/// Pictures drawn at least, where each takes many multiplications.
const LEAST_PICTURES: usize = 48;
/// Multiplications for all pictures up to which more than the least are drawn.
const WORK: usize = 2_000_000_000;
/// Divergence up to which the inputs of a BatchNorm agree, beside what chance makes of few pictures. Right readings had
/// up to 0.001 after 300 steps of training; a slope that is wrong by 0.1 had 0.004.
const AGREES: f64 = 0.002;
/// What a running mean takes of each batch: PyTorch's default. It remembers about twice the reciprocal.
const MOMENTUM: f64 = 0.1;
/// Pictures in a batch, usually.
const BATCH: f64 = 64.0;
/// First seed of their latents.
const SEED: u64 = 1;
/// Added to variances: a dead channel has none.
const FLOOR: f64 = 1e-5;

/// How the inputs of one BatchNorm differ from what it has stored, as the average over its channels.
#[derive(Clone, Debug)]
pub(crate) struct Score {
    pub(crate) name: String,
    /// Index of its layer.
    pub(crate) layer: usize,
    /// Whether only the label goes through it.
    pub(crate) is_label: bool,
    /// The Kullback-Leibler divergence of two normal distributions with these moments.
    pub(crate) divergence: f64,
    /// Up to this divergence they agree.
    pub(crate) limit: f64,
    /// Squared difference of the means, in stored variances.
    pub(crate) mean: f64,
    /// |ln(variance / stored variance)|.
    pub(crate) variance: f64,
}

impl Score {
    /// Whether they agree.
    pub(crate) fn agrees(&self) -> bool {
        self.divergence <= self.limit
    }
}

/// The layer of the last of these BatchNorms on the way of the noise.
pub(crate) fn last_tested<'s>(scores: impl IntoIterator<Item = &'s Score>) -> Option<usize> {
    scores.into_iter().filter(|score| !score.is_label).map(|score| score.layer).max()
}

/// Which of `scores` is that of the first BatchNorm that the noise comes to.
pub(crate) fn first_tested(scores: &[Score]) -> Option<usize> {
    scores.iter().position(|score| !score.is_label)
}

/// The scores of the first `count` BatchNorms of `architecture`, on noise of `distribution`.
///
/// # Errors
/// If a tensor can't be read, or tract can't run the graph.
pub(crate) fn scores(
    architecture: &Architecture,
    distribution: Distribution,
    count: usize,
) -> Result<Vec<Score>> {
    let (parts, inputs) = latents(architecture, distribution);
    let latent = DraftPart::latent(&parts);
    let label = parts.iter().find(|part| part.distribution == Distribution::OneHot);
    let classes = label.map_or(0, |part| part.len);
    let mut measured: Vec<Moments> = Vec::new();
    let mut scores = Vec::new();
    while scores.len() < count {
        let Written { model, normed } = onnx::write(architecture, None, &measured)?;
        let Some(normed) = normed.get(scores.len()) else { break };
        let source = Source { path: "the checkpoint".into(), proto: model, sha256: [0; 32] };
        let onnx = Onnx::new(&source, inputs.clone(), &[&normed.input])?;
        let channels = normed.norm.channels.max(1);
        let work = architecture.multiplications(normed.layer + 1).max(1);
        let pictures = (WORK / work)
            .clamp(LEAST_PICTURES, if normed.layer == 0 { FIRST_PICTURES } else { PICTURES });
        let mut sums = vec![Sums::default(); channels];
        for index in 0..pictures {
            let mut z = latent::shown(SEED, index, &latent);
            if classes > 0 {
                wish::set_label(&mut z, &parts, index % classes)?;
            }
            let values = onnx.run(&z)?.swap_remove(0);
            let area = (values.len() / channels).max(1);
            for (sums, map) in sums.iter_mut().zip(values.chunks(area)) {
                map.iter().for_each(|&value| sums.add(value));
            }
        }
        scores.push(score(normed, &sums, pictures)?);
        measured.push(sums.iter().map(Sums::moments).collect());
    }
    Ok(scores)
}

/// The score of a BatchNorm whose input channels have the moments of `sums`.
fn score(normed: &Normed, sums: &[Sums], pictures: usize) -> Result<Score> {
    let norm = normed.norm;
    let steps = norm.steps.map(Tensor::values).transpose()?;
    let steps =
        steps.and_then(|it| it.first().copied()).map_or(f64::INFINITY, |it| f64::from(it).max(1.0));
    let positions = sums.first().map_or(1.0, |sums| sums.count / pictures as f64);
    let chance =
        1.0 / (steps.min(2.0 / MOMENTUM) * BATCH) + 1.0 / (pictures as f64 * positions.sqrt());
    let stored = [norm.mean.values()?, norm.variance.values()?]
        .map(|values| values.into_iter().map(f64::from).collect::<Vec<f64>>());
    // After few steps, a running mean still remembers that it began with a mean of 0 and a variance of 1.
    let begin = (1.0 - MOMENTUM).powf(steps);
    let [means, variances] = &stored;
    let forgotten = [
        means.iter().map(|mean| mean / (1.0 - begin)).collect(),
        variances.iter().map(|variance| (variance - begin) / (1.0 - begin)).collect(),
    ];
    let compared = [stored, forgotten].map(|stored| compare(&stored, sums));
    let [divergence, mean, variance] =
        compared.into_iter().min_by(|a, b| a[0].total_cmp(&b[0])).unwrap_or_default();
    Ok(Score {
        name: normed.name.to_owned(),
        layer: normed.layer,
        is_label: normed.is_label,
        limit: AGREES + chance,
        divergence,
        mean,
        variance,
    })
}

/// Divergence, squared difference of means, and |ln| of the ratio of variances between what is `stored` and `sums`, each
/// as the average over the channels.
fn compare([means, variances]: &[Vec<f64>; 2], sums: &[Sums]) -> [f64; 3] {
    let mut average = [0.0; 3];
    for ((mean, variance), sums) in means.iter().zip(variances).zip(sums) {
        let [seen, seen_variance] = sums.moments().map(f64::from);
        let stored = variance.max(0.0) + FLOOR;
        let ratio = (seen_variance.max(0.0) + FLOOR) / stored;
        let shift = (seen - mean).powi(2) / stored;
        let channel = [0.5 * (ratio - 1.0 - ratio.ln() + shift), shift, ratio.ln().abs()];
        average.iter_mut().zip(channel).for_each(|(sum, value)| *sum += value / means.len() as f64);
    }
    average
}

/// Sums of a channel's values.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn add(&mut self, value: f32) {
        let value = f64::from(value);
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    /// Mean and variance.
    fn moments(&self) -> [f32; 2] {
        let mean = self.sum / self.count.max(1.0);
        [mean as f32, (self.squares / self.count.max(1.0) - mean * mean) as f32]
    }
}

/// The parts of the latent of `architecture`, and the inputs that take them.
pub(crate) fn latents(
    architecture: &Architecture,
    distribution: Distribution,
) -> (Vec<DraftPart>, Vec<Input>) {
    let noise = architecture.noise;
    let flat = architecture.begins_dense() || architecture.is_joined_early();
    let shape = if flat { vec![1, noise] } else { vec![1, noise, 1, 1] };
    let sides: Vec<i64> = shape[1..].iter().map(|&side| side as i64).collect();
    let z = (Input::new(tensor(NOISE, &sides), shape), part(NOISE, noise, distribution));
    let (count, table) = architecture.labels_and_table();
    if count == 0 {
        return inputs::arrange(vec![z]);
    }
    let (declared, shape) = match table {
        Some(_) => (labels(LABEL, &[]), vec![1]),
        None => (tensor(LABEL, &[count as i64]), vec![1, count]),
    };
    let label = Input { number: table.is_some(), ..Input::new(declared, shape) };
    inputs::arrange(vec![z, (label, part(LABEL, count, Distribution::OneHot))])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two normal distributions: 0 if they are the same, else as Kullback and Leibler have it, channel by channel.
    #[test]
    fn divergences_are_those_of_normal_distributions() {
        let mut sums = [Sums::default(); 2];
        for value in [-1.0, 1.0] {
            sums[0].add(value);
            sums[1].add(3.0 + 2.0 * value);
        }
        let near = |stored: [Vec<f64>; 2], expected: [f64; 3]| {
            let found = compare(&stored, &sums);
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((found - expected).abs() < 1e-4, "{found} {expected}");
            }
        };
        near([vec![0.0, 3.0], vec![1.0, 4.0]], [0.0; 3]);
        // One channel's mean is off by half a deviation, or its variance is twice what was stored.
        near([vec![0.5, 3.0], vec![1.0, 4.0]], [0.0625, 0.125, 0.0]);
        let twice = 0.5 * (1.0 - 2.0_f64.ln()) / 2.0;
        near([vec![0.0, 3.0], vec![1.0, 2.0]], [twice, 0.0, 2.0_f64.ln() / 2.0]);
        // A dead channel agrees with a dead one.
        let dead = compare(&[vec![0.0], vec![0.0]], &[Sums { count: 2.0, ..Sums::default() }]);
        assert_eq!(dead, [0.0; 3]);
    }
}
