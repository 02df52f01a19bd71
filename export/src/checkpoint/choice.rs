//! Chooses among the readings of a checkpoint, and says what the file does not prove.

use crate::checkpoint::architecture::Architecture;
use crate::checkpoint::chain::Linear;
use crate::checkpoint::per_layer::PerLayer;
use crate::checkpoint::reading::{Reading, Subject};
use crate::checkpoint::settings::{Activation, Direction, Labels, Place, Settings};
use crate::checkpoint::statistics::{self, Score};
use anyhow::{Context, Result};
use gen_core::latent::Distribution;
use std::collections::BTreeMap;

/// Maximum number of readings that are drawn.
const TRIALS: usize = 160;
/// A reading is better than another if its divergence is so many times smaller.
const BETTER: f64 = 2.0;
/// Maximum number of other readings that are listed.
const LISTED: usize = 3;

/// The number of one-hot labels that may stand among the noise: digits and clothes have ten.
const ONE_HOT: usize = 10;

/// Of so many layers between two BatchNorms, each may have an activation of its own.
const EACH: usize = 3;

/// The reading that was chosen.
pub(super) struct Chosen<'a> {
    pub(super) reading: Reading<'a>,
    pub(super) architecture: Architecture<'a>,
    /// How the BatchNorms agree with it.
    pub(super) scores: Vec<Score>,
    /// What the file does not prove, one sentence each. If there is something, the reading may be wrong.
    pub(super) doubts: Vec<String>,
    /// Other readings that fit as well, or nearly.
    pub(super) others: Vec<Reading<'a>>,
}

/// A reading and how the BatchNorms agree with it.
#[derive(Clone)]
struct Trial<'a> {
    reading: Reading<'a>,
    scores: Vec<Score>,
    /// Readings that fit about as well as this, beside which it was taken.
    alike: Vec<Reading<'a>>,
}

impl Trial<'_> {
    /// Whether this fits about as well as the `best`, and where they differ something was tested, or nothing could be.
    fn is_alike(&self, best: &Self) -> bool {
        let both = self.scores.iter().zip(&best.scores);
        let differing = both.filter(|(a, b)| a.divergence != b.divergence);
        let (own, other) = differing
            .fold((0.0, 0.0), |(own, other), (a, b)| (own + a.divergence, other + b.divergence));
        let untested = own == other && self.reading.differs_untested(&best.reading);
        own <= BETTER * other && !untested
    }

    /// The sum of the divergences.
    fn sum(&self) -> f64 {
        self.scores.iter().map(|score| score.divergence).sum()
    }
}

/// Chooses one of `readings`, the first if nothing tells.
///
/// # Errors
/// If a tensor can't be read, or a reading can't be drawn.
pub(super) fn choose<'a>(subject: &Subject<'a>, readings: Vec<Reading<'a>>) -> Result<Chosen<'a>> {
    let mut judge = Judge { subject, trials: 0 };
    let mut trials = Vec::new();
    for reading in readings {
        let trial = judge.trial(reading, usize::MAX)?;
        trials.push(judge.improved(trial)?);
    }
    // A stable order: where nothing was tested, the first reading stays first.
    trials.sort_by(|a, b| a.sum().total_cmp(&b.sum()));
    let mut trials = trials.into_iter();
    let best = trials.next().context("holds no generator")?;
    let alike = |other: &Trial| other.is_alike(&best);
    let mut others: Vec<Reading> = trials.filter(alike).map(|trial| trial.reading).collect();
    others.extend(best.alike.iter().cloned());
    others.truncate(LISTED);
    let architecture = subject.architecture(&best.reading)?;
    let best = Trial { reading: best.reading.settled(&architecture, &best.scores), ..best };
    chosen(subject, best, others)
}

/// The choice of `trial`, beside which `others` fit.
fn chosen<'a>(
    subject: &Subject<'a>,
    trial: Trial<'a>,
    others: Vec<Reading<'a>>,
) -> Result<Chosen<'a>> {
    let Trial { reading, scores, .. } = trial;
    let architecture = subject.architecture(&reading)?;
    let mut doubts = Vec::new();
    // The first layer's BatchNorm sees the latents, which are no part of the generator where all else is known.
    let certain = subject.certain && reading.labels == Labels::None;
    let of_latents = |score: &Score| certain && score.layer == 0 && !score.is_label;
    let misfit = |score: &&Score| !(score.agrees() || of_latents(score));
    if let Some(score) = scores.iter().find(misfit) {
        doubts.push(format!(
            "BatchNorm \"{}\" has seen other values in training than with this reading: means differ by {:.2} standard \
             deviations, variances by a factor of {:.2}. Something behind the BatchNorm before it is assumed wrongly.",
            score.name,
            score.mean.sqrt(),
            score.variance.exp()
        ));
    }
    // Up to the last BatchNorm, the statistics prove what was understood.
    let agreeing = scores.iter().filter(|score| score.agrees() && !score.is_label);
    let proven = agreeing.map(|score| score.layer).max();
    let unproven = |layer: usize| proven.is_none_or(|proven| layer >= proven);
    for (last, name) in blocks(&architecture) {
        // No activation behind a block is a sign of an addition, even of one that is too small to show.
        let added = architecture.layers[last].activation;
        if unproven(last) || (added.value == Activation::None && added.assumed) {
            doubts.push(format!(
                "The layers of \"{name}\" keep channels and size: their input may be added to their output."
            ));
        }
    }
    for (index, layer) in architecture.layers.iter().enumerate() {
        if layer.strangers > 0 && unproven(index) && index + 1 < architecture.layers.len() {
            doubts.push(format!(
                "Behind \"{}\" stand modules without weights: by the numbers {} more than an activation, such as Dropout, \
                 which changes nothing, or InstanceNorm, which cannot be converted.",
                layer.link.last, layer.strangers
            ));
        }
    }
    let shared = architecture.layers.iter().enumerate().find(|(index, layer)| {
        let one = layer.link.slope.is_some_and(|slope| slope.shape == [1]);
        one && subject.numbering.gap(layer.link.name, layer.link.last).is_none() && unproven(*index)
    });
    let slopes = architecture.layers.iter().filter(|layer| layer.link.slope.is_some()).count();
    if let Some((_, layer)) = shared.filter(|_| slopes == 1 && architecture.layers.len() > 2) {
        doubts.push(format!("The PReLU \"{}\" may stand behind several layers.", layer.link.last));
    }
    let mut others = others;
    let mut reading = reading;
    let count = architecture.layers.len();
    let unknown = |index: usize| {
        let said = reading.assumed.activation.get(index).is_some();
        unproven(index) && architecture.layers[index].activation.assumed && !said
    };
    if reading.is_dense() && (0..count - 1).any(unknown) {
        let activation = |it| Settings { activation: Some(it).into(), ..Settings::default() };
        let both = [Activation::Leaky(0.2), Activation::Relu].map(activation);
        let all: Vec<Reading> = std::iter::once(&reading).chain(&others).cloned().collect();
        others = all.iter().flat_map(|it| both.each_ref().map(|other| it.with(other))).collect();
        reading = others.remove(0);
        doubts
            .push("Networks of dense layers have LeakyReLU 0.2 about as often as ReLU.".to_owned());
    }
    if subject.capped {
        doubts.push("There may be more orders in which the layers fit: pass --order.".to_owned());
    }
    if !others.is_empty() {
        doubts.push(format!("{} readings fit the file.", others.len() + 1));
    }
    Ok(Chosen { reading, architecture, scores, doubts, others })
}

/// Blocks that keep channels and size, with the index of their last layer: their input may be added to their output. An
/// addition leaves no tensor.
fn blocks(architecture: &Architecture) -> Vec<(usize, String)> {
    let mut ranges: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, layer) in architecture.layers.iter().enumerate() {
        // A block has more modules than this layer alone.
        let mut name = layer.link.name;
        while let Some((parent, _)) = name.rsplit_once('.') {
            ranges.entry(parent.to_owned()).or_default().push(index);
            name = parent;
        }
    }
    let layers = &architecture.layers;
    let keeps = |indices: &Vec<usize>| match (indices.first(), indices.last()) {
        (Some(&first), Some(&last)) => {
            let (input, output) = (layers[first].input, layers[last].output);
            let one = last - first + 1 == indices.len();
            one && input == output && input[1..] != [1, 1]
        }
        _ => false,
    };
    let kept = ranges.into_iter().filter(|(_, indices)| keeps(indices));
    kept.map(|(name, indices)| (indices[indices.len() - 1], name)).collect()
}

/// Draws readings and compares them with the stored statistics.
struct Judge<'s, 'a> {
    subject: &'s Subject<'a>,
    trials: usize,
}

impl<'a> Judge<'_, 'a> {
    /// `reading` with the scores of its first `count` BatchNorms.
    fn trial(&mut self, reading: Reading<'a>, count: usize) -> Result<Trial<'a>> {
        self.trials += 1;
        let architecture = self.subject.architecture(&reading)?;
        let scores = statistics::scores(&architecture, self.subject.distribution(&reading), count)?;
        Ok(Trial { reading, scores, alike: vec![] })
    }

    /// `trial` with what agrees better assumed, for one BatchNorm after another.
    fn improved(&mut self, trial: Trial<'a>) -> Result<Trial<'a>> {
        let mut best = trial;
        for at in 0..best.scores.len() {
            let score = &best.scores[at];
            // Behind a BatchNorm that saw other latents in training, small differences prove nothing.
            let known = at == 0 || best.scores[at - 1].agrees();
            // What the label alone goes through is small: it shows little.
            let doubtful = !score.agrees() || (self.is_first(&best, at) && self.has_label_layers());
            if score.is_label || !known || !doubtful {
                continue;
            }
            let mut trials = Vec::new();
            for other in self.alternatives(&best, at) {
                let reading = best.reading.with(&other);
                if self.trials < TRIALS && self.subject.architecture(&reading).is_ok() {
                    trials.push(self.trial(reading, at + 1)?);
                }
            }
            let divergence =
                |trial: &Trial| trial.scores.get(at).map_or(f64::MAX, |it| it.divergence);
            trials.sort_by(|a, b| divergence(a).total_cmp(&divergence(b)));
            let least = trials.first().map_or(f64::MAX, divergence);
            // Slopes that are seldom used are taken only where the usual ones do not agree.
            let near = |trial: &&Trial| {
                divergence(trial) <= BETTER * least
                    && trial.scores.get(at).is_some_and(Score::agrees)
            };
            let usual = trials.iter().filter(near).find(|trial| !trial.reading.has_seldom_slope());
            let Some(found) = usual.or(trials.first().filter(|trial| near(trial))) else {
                continue;
            };
            if divergence(found) * BETTER >= divergence(&best) {
                continue;
            }
            // An equal divergence is that of the same generator.
            let other = |trial: &&Trial| divergence(trial) != divergence(found);
            let alike = trials.iter().filter(near).filter(other);
            let alike = alike.filter(|trial| !trial.reading.has_seldom_slope());
            let alike =
                best.alike.iter().chain(alike.map(|trial| &trial.reading)).cloned().collect();
            best = Trial { alike, ..self.trial(found.reading.clone(), usize::MAX)? };
        }
        Ok(best)
    }

    /// What may be assumed instead, where a person has said nothing, that BatchNorm `at` sees and those before do not.
    fn alternatives(&self, trial: &Trial<'a>, at: usize) -> Vec<Settings> {
        let Trial { reading, scores, .. } = trial;
        let given = &self.subject.given;
        let count = reading.chain.links.len();
        let first = self.is_first(trial, at);
        let begin = if first { 0 } else { scores[at - 1].layer };
        let layers = begin..scores[at].layer;
        let mut all = vec![Settings::default()];
        // Each of `all` with each of `settings`, and without.
        let combine = |all: &mut Vec<Settings>, settings: &[Settings]| {
            let combined: Vec<_> =
                all.iter().flat_map(|it| settings.iter().map(move |other| other.or(it))).collect();
            all.extend(combined);
        };
        let kinds = [
            Activation::Relu,
            Activation::Leaky(0.2),
            Activation::None,
            Activation::Leaky(0.1),
            Activation::Leaky(0.3),
        ];
        if given.activation.option().is_none() && !scores[at].agrees() {
            // Of several layers, each may have its own of the usual kinds.
            let kinds = &kinds[..if layers.len() > 1 { 3 } else { kinds.len() }];
            let mut lists = vec![reading.assumed.activation.clone()];
            for layer in layers.clone().rev().take(EACH) {
                let with = |list: &PerLayer<_>| {
                    kinds.iter().map(|&kind| list.with(layer, kind, count)).collect::<Vec<_>>()
                };
                lists = lists.iter().flat_map(with).collect();
            }
            let lists =
                lists.into_iter().map(|activation| Settings { activation, ..Settings::default() });
            combine(&mut all, &lists.collect::<Vec<_>>());
        }
        // Who copies BatchNorm2d(channels, 0.8) has plain convolutions.
        if given.epsilon.option().is_none() && !first && self.is_plain(reading, begin + 1) {
            let epsilon = |eps| Settings {
                epsilon: reading.assumed.epsilon.with(begin, eps, count),
                ..Settings::default()
            };
            combine(&mut all, &[0.8, 1e-5].map(epsilon));
        }
        if first && given.label_activation.is_none() && self.has_label_layers() {
            let behind = |kind| Settings { label_activation: Some(kind), ..Settings::default() };
            combine(&mut all, &kinds.map(behind));
        }
        let inputs = reading.chain.links[0].channels_in;
        if first && given.labels.is_none() && self.subject.label.is_none() && inputs > ONE_HOT {
            let hot = |place| Settings {
                labels: Some(Labels::OneHot(place, ONE_HOT)),
                ..Settings::default()
            };
            combine(&mut all, &[Place::Behind, Place::Before].map(hot));
        }
        if first && given.latent.is_none() && !scores[at].agrees() {
            combine(
                &mut all,
                &[Settings { latent: Some(Distribution::Uniform), ..Settings::default() }],
            );
        }
        all.remove(0);
        all
    }

    /// Whether BatchNorm `at` is the first that the noise comes to.
    fn is_first(&self, trial: &Trial, at: usize) -> bool {
        trial.scores.iter().position(|score| !score.is_label) == Some(at)
    }

    /// Whether the label goes through layers of its own.
    fn has_label_layers(&self) -> bool {
        self.subject.label.as_ref().is_some_and(|label| !label.links.is_empty())
    }

    /// Whether layer `index` is a plain convolution.
    fn is_plain(&self, reading: &Reading, index: usize) -> bool {
        let link = reading.chain.links.get(index);
        link.is_some_and(|link| link.linear == Linear::Convolution(Direction::Plain))
    }
}
