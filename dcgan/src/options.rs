//! The settings of a training.

use anyhow::{Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::network::Network;

/// The settings of a training. Together with the data they determine every weight.
#[derive(Args, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Sizes of the two networks. A preset and the data determine them.
    #[arg(skip)]
    pub network: Network,
    /// Seed of every random number of the training
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// `--batch`: pictures per step.
    #[arg(skip)]
    pub batch: usize,
    /// Adam's learning rate for the generator
    #[arg(long, allow_negative_numbers = true, default_value_t = 4e-4)]
    pub rate: f32,
    /// `--rate-ratio`: the discriminator's learning rate, as a multiple of the generator's.
    #[arg(skip)]
    pub rate_ratio: f32,
    /// Number of steps, over whose second half both learning rates fall to 0; `None`: they stay constant.
    #[arg(skip)]
    pub annealed: Option<u64>,
    /// Amount subtracted from the label of real pictures (one-sided label smoothing, Salimans et al. 2016)
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.1)]
    pub smooth: f32,
    /// Weight γ of the penalty on the discriminator's gradients at real pictures (R1, Mescheder et al. 2018); 0: none
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.5)]
    #[serde(default)]
    pub r1: f32,
    /// `--r1-every`: K, at every K-th step of which the penalty is applied.
    #[arg(skip)]
    #[serde(default = "one")]
    pub r1_every: u64,
    /// Decay of the moving average of the generator's weights, at step t at most (1 + t) / (10 + t); 0: no
    /// average
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.999)]
    pub ema: f32,
    /// Train the generator to match the discriminator's features (feature matching, Salimans et al. 2016)
    #[arg(long)]
    pub feature_matching: bool,
    /// `--minibatch-discrimination`: the discriminator compares the pictures of a batch.
    #[arg(skip)]
    pub minibatch_discrimination: bool,
}

/// The value of runs that are older than this option.
fn one() -> u64 {
    1
}

impl Options {
    /// The factor of both learning rates at `step`, counted from 0.
    pub fn annealing(&self, step: u64) -> f64 {
        self.annealed.map_or(1.0, |steps| {
            let left = steps.saturating_sub(step) as f64 / steps as f64;
            (2.0 * left).min(1.0)
        })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    ///
    /// If a setting is out of range; the message names it.
    pub fn check(&self) -> Result<()> {
        self.network.check()?;
        ensure!((2..=1024).contains(&self.batch), "batch {}: must be 2 to 1024", self.batch);
        let within = |name: &str, value: f32, least: f32, most: f32| {
            ensure!((least..=most).contains(&value), "{name} {value}: must be {least} to {most}");
            Ok(())
        };
        within("rate", self.rate, 1e-7, 1.0)?;
        within("rate ratio", self.rate_ratio, 0.01, 100.0)?;
        within("smooth", self.smooth, 0.0, 0.5)?;
        within("r1", self.r1, 0.0, 100.0)?;
        ensure!((1..=64).contains(&self.r1_every), "r1 every {}: must be 1 to 64", self.r1_every);
        ensure!(
            !self.feature_matching || self.network.classes == 0,
            "feature matching does not teach classes: leave --feature-matching or --condition out"
        );
        within("ema", self.ema, 0.0, 0.99999)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    #[test]
    fn rates_fall_in_the_second_half() {
        let network = Preset::Micro128k.network(32, 1, 0);
        let mut options = Options {
            network,
            seed: 1,
            batch: 64,
            rate: 2e-4,
            rate_ratio: 1.0,
            annealed: Some(100),
            smooth: 0.0,
            r1: 0.0,
            r1_every: 1,
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
