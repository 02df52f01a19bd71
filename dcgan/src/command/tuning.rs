//! The options of a training whose best values depend on the size of the pictures.

use clap::Args;
use dcgan::network::{Network, SMALL};
use dcgan::options::Options;

/// Options whose defaults depend on the size of the pictures.
#[derive(Args)]
pub(super) struct Tuning {
    /// Total number of steps [default: 8000 up to 32×32 pixels, otherwise 4000]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Pictures per step [default: 64 up to 32×32 pixels, otherwise 32]
    #[arg(long)]
    batch: Option<usize>,
    /// Learning rate of the discriminator, as a multiple of the generator's [default: 0.5 up to 32×32 pixels, otherwise
    /// 1]
    #[arg(long, allow_negative_numbers = true)]
    rate_ratio: Option<f32>,
    /// Keep both learning rates constant instead of letting them fall to 0 over the second half of the steps [default:
    /// false up to 32×32 pixels, otherwise true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    constant_rates: Option<bool>,
    /// Apply the penalty every K-th step, K times as heavy (lazy regularisation, Karras et al. 2020) [default: 1 up to
    /// 32×32 pixels, otherwise 4]
    #[arg(long, value_name = "K")]
    r1_every: Option<u64>,
    /// BatchNorm in the discriminator, as in the paper [default: true up to 32×32 pixels, otherwise false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    discriminator_norm: Option<bool>,
    /// Let the discriminator compare the pictures of a batch (minibatch discrimination, Salimans et al. 2016) [default:
    /// false up to 32×32 pixels, otherwise true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    minibatch_discrimination: Option<bool>,
}

impl Tuning {
    /// Number of steps for pictures of `size`.
    pub(super) fn steps(&self, size: usize) -> u64 {
        self.steps.unwrap_or(if size <= SMALL { 8000 } else { 4000 })
    }

    /// Sets these options in `options`: those of the command line, otherwise the defaults for the size of the pictures.
    pub(super) fn complete(&self, options: Options) -> Options {
        let is_small = options.network.size <= SMALL;
        let norm = self.discriminator_norm.unwrap_or(is_small);
        let fall = !self.constant_rates.unwrap_or(!is_small);
        Options {
            network: Network { discriminator_norm: norm, ..options.network },
            annealed: fall.then_some(self.steps(options.network.size)),
            batch: self.batch.unwrap_or(if is_small { 64 } else { 32 }),
            rate_ratio: self.rate_ratio.unwrap_or(if is_small { 0.5 } else { 1.0 }),
            r1_every: self.r1_every.unwrap_or(if is_small { 1 } else { 4 }),
            minibatch_discrimination: self.minibatch_discrimination.unwrap_or(!is_small),
            ..options
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        tuning: Tuning,
    }

    /// What a command line means for pictures of `size`.
    fn of(size: usize, arguments: &[&str]) -> (Option<u64>, bool, usize, f32, u64, bool) {
        let line = Line::parse_from([&["train"], arguments].concat());
        let network = Network { size, ..Network::default() };
        let it = line.tuning.complete(Options { network, ..line.options });
        let norm = it.network.discriminator_norm;
        (it.annealed, norm, it.batch, it.rate_ratio, it.r1_every, it.minibatch_discrimination)
    }

    #[test]
    fn the_size_decides_what_nobody_chose() {
        assert_eq!(of(28, &[]), (Some(8000), true, 64, 0.5, 1, false));
        assert_eq!(of(32, &[]), of(28, &[]));
        assert_eq!(of(64, &[]), (None, false, 32, 1.0, 4, true));
        let numbers = ["--batch", "7", "--rate-ratio", "2", "--r1-every", "3"];
        assert_eq!(of(64, &numbers), (None, false, 7, 2.0, 3, true));
        let falling = ["--constant-rates=false"];
        assert_eq!(of(64, &falling), (Some(4000), false, 32, 1.0, 4, true));
        assert_eq!(of(64, &[falling[0], "--steps", "9"]).0, Some(9));
        let on = ["--discriminator-norm", "--minibatch-discrimination", "--constant-rates"];
        assert_eq!(of(32, &on), (None, true, 64, 0.5, 1, true));
        let off = ["--discriminator-norm=false", "--minibatch-discrimination=false"];
        assert_eq!(of(64, &off), (None, false, 32, 1.0, 4, false));
    }
}
