//! What a training was asked to do.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::network::Network;

/// The numbers of a training; with its data they decide every weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// The two networks.
    pub network: Network,
    /// What everything random follows from.
    pub seed: u64,
    /// Pictures in a step.
    pub batch: usize,
    /// Adam's rate for the generator. The paper's is 2e-4.
    pub rate: f32,
    /// How much faster the discriminator learns.
    pub rate_ratio: f32,
    /// What is taken off the label 1 of real pictures (one-sided label smoothing).
    pub smooth: f32,
    /// What the generator's average keeps at each step; 0 keeps nothing.
    pub ema: f32,
    /// Whether the discriminator sees pictures shifted.
    pub augment: bool,
    /// The generator's target: the discriminator's mean features, not its verdict.
    pub feature_matching: bool,
    /// Whether the discriminator compares the pictures of a batch.
    pub minibatch_discrimination: bool,
}

impl Options {
    /// Whether one can train so.
    ///
    /// # Errors
    /// Naming the number that is out of range.
    pub fn check(&self) -> Result<()> {
        self.network.check()?;
        ensure!((2..=1024).contains(&self.batch), "batch {}: possible: 2 to 1024", self.batch);
        let within = |name: &str, value: f32, least: f32, most: f32| {
            ensure!((least..=most).contains(&value), "{name} {value}: possible: {least} to {most}");
            Ok(())
        };
        within("rate", self.rate, 1e-7, 1.0)?;
        within("rate ratio", self.rate_ratio, 0.01, 100.0)?;
        within("smooth", self.smooth, 0.0, 0.5)?;
        within("ema", self.ema, 0.0, 0.99999)
    }
}
