//! Draws readings, compares them with the statistics that BatchNorms have stored, and tries what else may be assumed.

use crate::checkpoint::choice::statistics::{self, Score, first_tested};
use crate::checkpoint::order::chain::Linear;
use crate::checkpoint::reading::{Reading, Subject};
use crate::checkpoint::settings::per_layer::PerLayer;
use crate::checkpoint::settings::{Activation, Direction, Labels, Place, Settings};
use anyhow::Result;
use gen_core::latent::Distribution;

/// Maximum number of readings that are drawn.
const TRIALS: usize = 160;
/// A reading is better than another if its divergence is so many times smaller.
const BETTER: f64 = 2.0;
/// The number of one-hot labels that may stand among the noise: digits and clothes have ten.
const ONE_HOT: usize = 10;
/// Activations of hidden layers, of which the first [`USUAL`] are the usual ones.
const ACTIVATIONS: [Activation; 5] = [
    Activation::Relu,
    Activation::Leaky(0.2),
    Activation::None,
    Activation::Leaky(0.1),
    Activation::Leaky(0.3),
];
const USUAL: usize = 3;
/// Of so many layers between two BatchNorms, each may have an activation of its own.
const EACH: usize = 3;

/// A reading and how the BatchNorms agree with it.
#[derive(Clone)]
pub(super) struct Trial<'a> {
    pub(super) reading: Reading<'a>,
    pub(super) scores: Vec<Score>,
    /// Readings that fit about as well as this, beside which it was taken.
    pub(super) alike: Vec<Reading<'a>>,
}

impl Trial<'_> {
    /// Whether this fits about as well as the `best`, by the BatchNorms at which they differ. If there is none, both are
    /// alike only where no BatchNorm could tell them apart.
    pub(super) fn is_alike(&self, best: &Self) -> bool {
        let both = self.scores.iter().zip(&best.scores);
        let differing = both.filter(|(a, b)| a.divergence != b.divergence);
        let (own, other) = differing
            .fold((0.0, 0.0), |(own, other), (a, b)| (own + a.divergence, other + b.divergence));
        let untested = own == other && self.reading.differs_untested(&best.reading);
        own <= BETTER * other && !untested
    }

    /// The sum of the divergences.
    pub(super) fn sum(&self) -> f64 {
        self.scores.iter().map(|score| score.divergence).sum()
    }
}

/// Draws readings and compares them with the stored statistics.
pub(super) struct Judge<'s, 'a> {
    subject: &'s Subject<'a>,
    /// Number of readings drawn so far.
    trials: usize,
    /// Whether others were left out because these were [`TRIALS`].
    pub(super) capped: bool,
}

impl<'s, 'a> Judge<'s, 'a> {
    pub(super) fn new(subject: &'s Subject<'a>) -> Self {
        Self { subject, trials: 0, capped: false }
    }

    /// `reading` with the scores of its first `count` BatchNorms.
    pub(super) fn trial(&mut self, reading: Reading<'a>, count: usize) -> Result<Trial<'a>> {
        self.trials += 1;
        let architecture = self.subject.architecture(&reading)?;
        let scores = statistics::scores(&architecture, self.subject.distribution(&reading), count)?;
        Ok(Trial { reading, scores, alike: vec![] })
    }

    /// `trial` with what agrees better assumed, for one BatchNorm after another.
    pub(super) fn improved(&mut self, trial: Trial<'a>) -> Result<Trial<'a>> {
        let mut best = trial;
        for at in 0..best.scores.len() {
            let score = &best.scores[at];
            // Behind a BatchNorm that saw other latents in training, small differences prove nothing.
            let known = at == 0 || best.scores[at - 1].agrees();
            // What the label alone goes through is small: it shows little.
            let doubtful = !score.agrees()
                || (first_tested(&best.scores) == Some(at) && self.has_label_layers());
            if score.is_label || !known || !doubtful {
                continue;
            }
            let mut trials = Vec::new();
            for other in self.alternatives(&best, at) {
                let reading = best.reading.with(&other);
                if self.subject.architecture(&reading).is_err() {
                    continue;
                }
                if self.trials < TRIALS {
                    trials.push(self.trial(reading, at + 1)?);
                } else {
                    self.capped = true;
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
        let mut kinds = vec![self.activations(trial, at)];
        if first_tested(&trial.scores) == Some(at) {
            kinds.push(self.label_activations());
            kinds.push(self.one_hot_labels(&trial.reading));
            kinds.push(self.distributions(&trial.scores[at]));
        } else {
            kinds.push(self.epsilons(&trial.reading, trial.scores[at - 1].layer));
        }
        let mut all = vec![Settings::default()];
        for settings in kinds {
            // Each of `all` with each of these, and without.
            let combined: Vec<_> =
                all.iter().flat_map(|it| settings.iter().map(move |other| other.or(it))).collect();
            all.extend(combined);
        }
        all.remove(0);
        all
    }

    /// Activations of the layers between BatchNorm `at` and the one before.
    fn activations(&self, trial: &Trial<'a>, at: usize) -> Vec<Settings> {
        let Trial { reading, scores, .. } = trial;
        if self.subject.given.activation.option().is_some() || scores[at].agrees() {
            return vec![];
        }
        let begin = if first_tested(&trial.scores) == Some(at) { 0 } else { scores[at - 1].layer };
        let layers = begin..scores[at].layer;
        // Of several layers, each may have its own of the usual kinds.
        let kinds = &ACTIVATIONS[..if layers.len() > 1 { USUAL } else { ACTIVATIONS.len() }];
        let count = reading.chain.links.len();
        let mut lists = vec![reading.assumed.activation.clone()];
        for layer in layers.rev().take(EACH) {
            let with = |list: &PerLayer<_>| {
                kinds.iter().map(|&kind| list.with(layer, kind, count)).collect::<Vec<_>>()
            };
            lists = lists.iter().flat_map(with).collect();
        }
        let settings = |activation| Settings { activation, ..Settings::default() };
        lists.into_iter().map(settings).collect()
    }

    /// Epsilons of the BatchNorm of layer `index`. BatchNorm2d(channels, 0.8), which sets epsilon by mistake, is copied
    /// with plain convolutions.
    fn epsilons(&self, reading: &Reading<'a>, index: usize) -> Vec<Settings> {
        if self.subject.given.epsilon.option().is_some() || !self.is_plain(reading, index + 1) {
            return vec![];
        }
        let count = reading.chain.links.len();
        let with = |epsilon| reading.assumed.epsilon.with(index, epsilon, count);
        [0.8, 1e-5].map(|it| Settings { epsilon: with(it), ..Settings::default() }).to_vec()
    }

    /// Activations behind the label's layers.
    fn label_activations(&self) -> Vec<Settings> {
        if self.subject.given.label_activation.is_some() || !self.has_label_layers() {
            return vec![];
        }
        let with = |it| Settings { label_activation: Some(it), ..Settings::default() };
        ACTIVATIONS.map(with).to_vec()
    }

    /// Places of one-hot labels among the latents.
    fn one_hot_labels(&self, reading: &Reading<'a>) -> Vec<Settings> {
        let has_label = self.subject.given.labels.is_some() || self.subject.label.is_some();
        if has_label || reading.chain.links[0].channels_in <= ONE_HOT {
            return vec![];
        }
        let labels = |place| Some(Labels::OneHot(place, ONE_HOT));
        let with = |place| Settings { labels: labels(place), ..Settings::default() };
        [Place::Behind, Place::Before].map(with).to_vec()
    }

    /// Distributions of the noise.
    fn distributions(&self, score: &Score) -> Vec<Settings> {
        if self.subject.given.latent.is_some() || score.agrees() {
            return vec![];
        }
        vec![Settings { latent: Some(Distribution::Uniform), ..Settings::default() }]
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
