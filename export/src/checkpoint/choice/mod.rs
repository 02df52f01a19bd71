//! Chooses among the readings of a checkpoint, and says what the file does not prove.

mod doubt;
mod judge;
pub(crate) mod statistics;

use crate::checkpoint::reading::architecture::Architecture;
use crate::checkpoint::reading::{Reading, Subject};
use crate::checkpoint::settings::{Activation, Settings};
use anyhow::{Context, Result};
use doubt::Proof;
use judge::{Judge, Trial};
use statistics::Score;

/// Maximum number of other readings that are listed.
const LISTED: usize = 3;

/// The reading that was chosen.
pub(crate) struct Choice<'a> {
    pub(crate) reading: Reading<'a>,
    pub(crate) architecture: Architecture<'a>,
    /// How the BatchNorms agree with it.
    pub(crate) scores: Vec<Score>,
    /// What the file does not prove, one sentence each. If there is something, the reading may be wrong.
    pub(crate) doubts: Vec<String>,
    /// Whether some of these stay whichever reading is chosen.
    pub(crate) stays: bool,
    /// Other readings that fit as well, or nearly.
    pub(crate) others: Vec<Reading<'a>>,
}

/// Chooses one of `readings`, the first if nothing tells.
///
/// # Errors
/// If a tensor can't be read, or a reading can't be drawn.
pub(crate) fn choose<'a>(subject: &Subject<'a>, readings: Vec<Reading<'a>>) -> Result<Choice<'a>> {
    let mut judge = Judge::new(subject);
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
    let mut reading = best.reading.settled(&subject.architecture(&best.reading)?, &best.scores);
    let mut architecture = subject.architecture(&reading)?;

    let proof = Proof::new(subject, &architecture, &best.scores);
    let mut doubts = proof.doubts(reading.labels);
    let stays = !doubts.is_empty();
    if proof.guesses_dense_activations(&reading) {
        let activation = |it| Settings { activation: Some(it).into(), ..Settings::default() };
        let both = [Activation::Leaky(0.2), Activation::Relu].map(activation);
        let all: Vec<Reading> = std::iter::once(reading).chain(others).collect();
        others = all.iter().flat_map(|it| both.each_ref().map(|other| it.with(other))).collect();
        reading = others.remove(0);
        architecture = subject.architecture(&reading)?;
        doubts
            .push("Networks of dense layers have LeakyReLU 0.2 about as often as ReLU.".to_owned());
    }
    if judge.capped {
        doubts.push(
            "Not all strides, paddings and activations were tried: pass those that you know."
                .to_owned(),
        );
    }
    if subject.capped {
        doubts.push("There may be more orders in which the layers fit: pass --order.".to_owned());
    }
    if !others.is_empty() {
        doubts.push(format!("{} readings fit the file.", others.len() + 1));
    }
    Ok(Choice { reading, architecture, scores: best.scores, doubts, stays, others })
}
