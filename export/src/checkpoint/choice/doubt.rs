//! What a file does not prove about a reading, one sentence each.

use crate::checkpoint::choice::statistics::{self, Score};
use crate::checkpoint::reading::architecture::Architecture;
use crate::checkpoint::reading::{Reading, Subject};
use crate::checkpoint::settings::{Activation, Labels};
use std::collections::BTreeMap;

/// A reading, and up to which layer the statistics prove it.
pub(super) struct Proof<'t, 'a> {
    subject: &'t Subject<'a>,
    architecture: &'t Architecture<'a>,
    scores: &'t [Score],
    /// The layer of the last BatchNorm that agrees: its own activation, and what follows, is not proved.
    last: Option<usize>,
}

impl<'t, 'a> Proof<'t, 'a> {
    /// What `scores` prove of `architecture`.
    pub(super) fn new(
        subject: &'t Subject<'a>,
        architecture: &'t Architecture<'a>,
        scores: &'t [Score],
    ) -> Self {
        let agreeing = scores.iter().filter(|score| score.agrees());
        Self { subject, architecture, scores, last: statistics::last_tested(agreeing) }
    }

    /// All doubts that no option settles.
    pub(super) fn doubts(&self, labels: Labels) -> Vec<String> {
        let misfit = self.misfit(labels).into_iter();
        misfit.chain(self.skips()).chain(self.strangers()).chain(self.shared_slope()).collect()
    }

    /// Whether the activation of a hidden layer of the dense network `reading` is a guess that nothing proves.
    pub(super) fn guesses_dense_activations(&self, reading: &Reading) -> bool {
        let layers = &self.architecture.layers;
        let guessed = |index: usize| {
            let said = reading.assumed.activation.get(index).is_some();
            !self.reaches(index) && layers[index].activation.assumed && !said
        };
        reading.is_dense() && (0..layers.len().saturating_sub(1)).any(guessed)
    }

    /// Whether what follows layer `index` is proved.
    fn reaches(&self, index: usize) -> bool {
        self.last.is_some_and(|last| index < last)
    }

    /// The first BatchNorm that disagrees.
    fn misfit(&self, labels: Labels) -> Option<String> {
        // A decoder's first BatchNorm saw what the encoder gave, which is no part of the generator.
        let decoder = self.subject.autoencoder && labels == Labels::None;
        let of_latents = |score: &Score| decoder && score.layer == 0 && !score.is_label;
        let at = self.scores.iter().position(|score| !(score.agrees() || of_latents(score)))?;
        let score = &self.scores[at];
        let differ = format!(
            "means differ by {:.2} standard deviations, variances by a factor of {:.2}",
            score.mean.sqrt(),
            score.variance.exp()
        );
        let is_first = statistics::first_tested(self.scores) == Some(at);
        if is_first && score.layer == 0 {
            // With Keras' momentum of 0.99, a hundredth of how they began is left after 460 steps.
            let short = if self.subject.is_keras() {
                " Or the training had fewer than 500 steps, which Keras' averages take to forget how they began."
            } else {
                ""
            };
            return Some(format!(
                "The first BatchNorm, \"{}\", has seen other values in training than normal or uniform noise gives: {differ}. \
                 Perhaps some of the {} latents are labels, one-hot, or codes: pass --labels.{short}",
                score.name, self.architecture.noise
            ));
        }
        let between =
            if is_first || score.is_label { "" } else { " and behind the BatchNorm before it" };
        Some(format!(
            "BatchNorm \"{}\" has seen other values in training than with this reading: {differ}. Something before \
             it{between} is assumed wrongly.",
            score.name
        ))
    }

    /// Blocks that may have skips.
    fn skips(&self) -> impl Iterator<Item = String> {
        blocks(self.architecture).into_iter().filter_map(|(last, name)| {
            // No activation behind a block is a sign of an addition, even of one that is too small to show.
            let activation = self.architecture.layers[last].activation;
            let bare = activation.value == Activation::None && activation.assumed;
            (bare || !self.reaches(last)).then(|| {
                format!("The layers of \"{name}\" keep channels and size: their input may be added to their output.")
            })
        })
    }

    /// Layers behind which more stands than an activation.
    fn strangers(&self) -> impl Iterator<Item = String> {
        let layers = self.architecture.layers.iter().enumerate();
        layers.filter_map(|(index, layer)| {
            let last = index + 1 == self.architecture.layers.len();
            (layer.strangers > 0 && !self.reaches(index) && !last).then(|| {
                format!(
                    "Behind \"{}\" stand modules without weights: by the numbers {} more than an activation, such as \
                     Dropout, which changes nothing, or InstanceNorm, which cannot be converted.",
                    layer.link.last, layer.strangers
                )
            })
        })
    }

    /// A PReLU of one slope, the only one of several layers.
    fn shared_slope(&self) -> Option<String> {
        let layers = &self.architecture.layers;
        let slopes = layers.iter().filter(|layer| layer.link.slope.is_some()).count();
        let (_, layer) = layers.iter().enumerate().find(|(index, layer)| {
            let one = layer.link.slope.is_some_and(|slope| slope.shape == [1]);
            let gap = self.subject.numbering.gap(layer.link.name, layer.link.last);
            one && gap.is_none() && !self.reaches(*index)
        })?;
        (slopes == 1 && layers.len() > 2)
            .then(|| format!("The PReLU \"{}\" may stand behind several layers.", layer.link.last))
    }
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
