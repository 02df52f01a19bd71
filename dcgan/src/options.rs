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
    /// Steps over whose second half both rates fall to 0; without, they stay.
    pub annealed: Option<u64>,
    /// What is taken off the label 1 of real pictures (one-sided label smoothing).
    pub smooth: f32,
    /// What the generator's average keeps at each step; 0 keeps nothing.
    pub ema: f32,
    /// The generator's target: the discriminator's mean features, not its verdict.
    pub feature_matching: bool,
    /// Whether the discriminator compares the pictures of a batch.
    pub minibatch_discrimination: bool,
}

impl Options {
    /// What a rate is multiplied by at `step`, counted from 0.
    pub fn annealing(&self, step: u64) -> f64 {
        self.annealed.map_or(1.0, |steps| {
            let left = steps.saturating_sub(step) as f64 / steps as f64;
            (2.0 * left).min(1.0)
        })
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    #[test]
    fn rates_fall_in_the_second_half() {
        let network = Preset::Micro128k.network(1);
        let mut options = Options {
            network,
            seed: 1,
            batch: 64,
            rate: 2e-4,
            rate_ratio: 1.0,
            annealed: Some(100),
            smooth: 0.0,
            ema: 0.999,
            feature_matching: false,
            minibatch_discrimination: false,
        };
        let factors = [0, 50, 75, 99, 100, 101].map(|step| options.annealing(step));
        assert_eq!(factors, [1.0, 1.0, 0.5, 0.02, 0.0, 0.0]);
        options.annealed = None;
        assert_eq!(options.annealing(u64::MAX), 1.0);
    }
}
