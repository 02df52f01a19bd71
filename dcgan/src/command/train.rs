//! `dcgan train`: trains a new DCGAN and writes it into a run directory.

use std::path::{PathBuf, absolute};
use std::thread::available_parallelism;

use anyhow::{Result, ensure};
use clap::Args;
use dcgan::data::{Dataset, Reading};
use dcgan::network::{CHANNELS, Network, SIZES};
use dcgan::options::Options;
use dcgan::preset::Preset;
use dcgan::run::{self, Plan, Run};

use super::session;

#[derive(Args)]
pub(crate) struct Train {
    /// A directory of PNG or JPEG files (with or without labels.csv), idx files or an .npz
    #[arg(long)]
    data: PathBuf,
    /// Directory to write the run to
    #[arg(short, long, value_name = "RUN")]
    output: PathBuf,
    /// Total number of steps
    #[arg(long, default_value_t = 6000, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,

    /// Sizes of the network; the options below override single ones
    #[arg(long, value_enum, default_value_t = Preset::Micro256k)]
    preset: Preset,
    /// Rows and columns of a picture: 16, 28, 32, 64, 128 [default: those of the data]
    #[arg(long, value_parser = |text: &str| one_of(text, &SIZES))]
    size: Option<usize>,
    /// 1 (grey) or 3 (colour) [default: that of the data]
    #[arg(long, value_parser = |text: &str| one_of(text, &CHANNELS))]
    channels: Option<usize>,
    /// Elements of a latent
    #[arg(long)]
    latent: Option<usize>,
    /// Channels of the generator's last hidden layer
    #[arg(long)]
    width: Option<usize>,
    /// Channels of the discriminator's first layer
    #[arg(long)]
    discriminator_width: Option<usize>,
    /// Rows and columns of the kernels: 4 or 5
    #[arg(long)]
    kernel: Option<usize>,

    /// Crop pictures of another size to their centre square and resize them
    #[arg(long)]
    resize: bool,
    /// A CSV of labels; the first column is the file name
    #[arg(long, value_name = "LABELS.csv")]
    labels: Option<PathBuf>,
    /// Licence of the data, written into the ONNX
    #[arg(long)]
    licence: Option<String>,

    /// Seed of every random number of the training
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Pictures per step
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Adam's learning rate for the generator
    #[arg(long, allow_negative_numbers = true, default_value_t = 2e-4)]
    rate: f32,
    /// Learning rate of the discriminator, as a multiple of the generator's
    #[arg(long, allow_negative_numbers = true, default_value_t = 1.0)]
    rate_ratio: f32,
    /// Decay both learning rates to 0 over the second half of the steps
    #[arg(long)]
    anneal: bool,
    /// Amount subtracted from the label of real pictures (one-sided label smoothing, Salimans et al. 2016)
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.0)]
    smooth: f32,
    /// Decay of the moving average of the generator's weights, at step t at most (1 + t) / (10 + t); 0: no
    /// average
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.999)]
    ema: f32,
    /// Train the generator to match the discriminator's features (feature matching, Salimans et al. 2016)
    #[arg(long)]
    feature_matching: bool,
    /// Let the discriminator compare the pictures of a batch (minibatch discrimination, Salimans et al. 2016)
    #[arg(long)]
    minibatch_discrimination: bool,
    /// Steps between two checkpoints, each with a sheet and a judgement of quality
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
    /// Threads [default: one per logical processor]; another number adds floats in another order
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Train {
    pub(crate) fn run(&self) -> Result<()> {
        let reading = Reading {
            size: self.size,
            channels: self.channels,
            resize: self.resize,
            labels: self.labels.clone(),
        };
        let threads = self.threads.map(usize::from);
        let threads = threads.unwrap_or(available_parallelism().map_or(1, usize::from));
        session::threads(threads)?;
        let dataset = Dataset::load(&self.data, &reading)?;
        let preset = self.preset.network(dataset.channels);
        let network = Network {
            size: dataset.size,
            channels: dataset.channels,
            latent: self.latent.unwrap_or(preset.latent),
            width: self.width.unwrap_or(preset.width),
            discriminator_width: self.discriminator_width.unwrap_or(preset.discriminator_width),
            kernel: self.kernel.unwrap_or(preset.kernel),
        };
        let options = Options {
            network,
            seed: self.seed,
            batch: self.batch,
            rate: self.rate,
            rate_ratio: self.rate_ratio,
            annealed: self.anneal.then_some(self.steps),
            smooth: self.smooth,
            ema: self.ema,
            feature_matching: self.feature_matching,
            minibatch_discrimination: self.minibatch_discrimination,
        };
        options.check()?;
        let data = self.data.display();
        ensure!(
            dataset.is_varied(),
            "{data}: all pictures are the same: there is nothing to learn"
        );
        run::check(&self.output)?;
        eprintln!("{network}");
        let made_for = self.preset.network(dataset.channels).size;
        if self.width.is_none() && made_for != network.size {
            eprintln!(
                "the preset is made for {made_for}×{made_for}: --width chooses another width"
            );
        }
        let plan = Plan {
            data: absolute(&self.data)?,
            resize: self.resize,
            labels: self.labels.as_deref().map(absolute).transpose()?,
            sha256: run::digest(&dataset),
            licence: self.licence.clone(),
            options,
            steps: self.steps,
            interval: self.interval,
            threads,
        };
        let device = dcgan::device::device();
        let judge = session::judge(&dataset, &device);
        run::begin(&self.output, &plan, judge.as_ref())?;
        session::train(Run::open(&self.output, plan, &dataset, judge, &device)?, &self.output)
    }
}

/// Parses a number that must be one of `possible`.
fn one_of(text: &str, possible: &[usize]) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| possible.contains(number));
    let names: Vec<String> = possible.iter().map(ToString::to_string).collect();
    number.ok_or_else(|| format!("possible: {}", names.join(", ")))
}
