//! `dcgan train`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use clap::Args;
use dcgan::data::{Dataset, Reading};
use dcgan::judge::Judge;
use dcgan::network::Network;
use dcgan::options::Options;
use dcgan::preset::Preset;
use dcgan::run::{self, End, Plan, Run};
use indicatif::{ProgressBar, ProgressStyle};

#[derive(Args)]
pub(crate) struct Train {
    /// A directory of PNG or JPEG (with labels.csv or without), idx files or an .npz
    #[arg(long, required_unless_present = "resume", conflicts_with = "resume")]
    data: Option<PathBuf>,
    /// Directory that the run is written to
    #[arg(short, long, value_name = "RUN", required_unless_present = "resume")]
    output: Option<PathBuf>,
    /// Go on with the run in this directory
    #[arg(long, value_name = "RUN", conflicts_with = "output")]
    resume: Option<PathBuf>,
    /// Steps in all
    #[arg(long, default_value_t = 6000)]
    steps: u64,

    /// Numbers of the network, those below aside
    #[arg(long, value_enum, default_value_t = Preset::Micro256k)]
    preset: Preset,
    /// Rows and columns of a picture: 16, 28, 32, 64, 128 [default: those of the data]
    #[arg(long)]
    size: Option<usize>,
    /// 1 (grey) or 3 (colours) [default: as the data are]
    #[arg(long)]
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

    /// Crop pictures of another size in their centre and resize them
    #[arg(long)]
    resize: bool,
    /// A CSV of labels, the file's name first
    #[arg(long, value_name = "LABELS.csv")]
    labels: Option<PathBuf>,
    /// Licence of the data, for the ONNX
    #[arg(long)]
    licence: Option<String>,

    /// What everything random follows from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Pictures in a step
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(2..=1024))]
    batch: u32,
    /// Adam's rate for the generator
    #[arg(long, default_value_t = 2e-4)]
    rate: f32,
    /// How much faster the discriminator learns
    #[arg(long, default_value_t = 1.0)]
    rate_ratio: f32,
    /// Taken off the label of real pictures (one-sided label smoothing, Salimans et al. 2016)
    #[arg(long, default_value_t = 0.0)]
    smooth: f32,
    /// What the average of the generator's weights keeps at a step; 0: no average
    #[arg(long, default_value_t = 0.999)]
    ema: f32,
    /// Let the generator match the discriminator's features (Salimans et al. 2016)
    #[arg(long)]
    feature_matching: bool,
    /// Let the discriminator compare the pictures of a batch (Salimans et al. 2016)
    #[arg(long)]
    minibatch_discrimination: bool,
    /// Steps between two sheets, verdicts and checkpoints
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
    /// Threads [default: as many as the processor runs]; another number rounds sums differently
    #[arg(long)]
    threads: Option<usize>,
}

impl Train {
    pub(crate) fn run(&self) -> Result<()> {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).context("Ctrl-C")?;
        match (&self.resume, &self.data, &self.output) {
            (Some(directory), ..) => {
                let plan = Plan::load(directory)?;
                let reading = Reading {
                    size: Some(plan.options.network.size),
                    channels: Some(plan.options.network.channels),
                    resize: plan.resize,
                    labels: plan.labels.clone(),
                };
                let dataset = Dataset::load(&plan.data, &reading)?;
                self.train(directory, plan, &dataset, true, &stop)
            }
            (None, Some(data), Some(directory)) => self.begin(data, directory, &stop),
            _ => unreachable!("clap asks for --data and --output, or --resume"),
        }
    }

    fn begin(&self, data: &Path, directory: &Path, stop: &AtomicBool) -> Result<()> {
        let reading = Reading {
            size: self.size,
            channels: self.channels,
            resize: self.resize,
            labels: self.labels.clone(),
        };
        let dataset = Dataset::load(data, &reading)?;
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
            batch: self.batch as usize,
            rate: self.rate,
            rate_ratio: self.rate_ratio,
            smooth: self.smooth,
            ema: self.ema,
            feature_matching: self.feature_matching,
            minibatch_discrimination: self.minibatch_discrimination,
        };
        options.check()?;
        let plan = Plan {
            data: data.to_owned(),
            resize: self.resize,
            labels: self.labels.clone(),
            pixels: run::digest(&dataset),
            licence: self.licence.clone(),
            options,
            interval: self.interval,
            threads: self.threads.unwrap_or(available_parallelism().map_or(1, usize::from)),
        };
        self.train(directory, plan, &dataset, false, stop)
    }

    fn train(
        &self,
        directory: &Path,
        plan: Plan,
        dataset: &Dataset,
        is_resumed: bool,
        stop: &AtomicBool,
    ) -> Result<()> {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(plan.threads);
        threads.build_global().context("threads")?;
        let device = dcgan::device::device();
        let judge = judge(dataset, &device)?;
        let begin = if is_resumed { Run::resume } else { Run::new };
        let mut run = begin(directory, plan, dataset, judge, &device)?;
        let bar = bar("{bar:30} {pos}/{len}  {msg}  {per_sec}  {eta} left", "training");
        let say = |line: String| bar.suspend(|| eprintln!("{line}"));
        let end = run.train(self.steps, stop, &bar, &say)?;
        bar.finish_and_clear();
        match end {
            End::Done => {
                run.finish()?;
                println!(
                    "{}: generator.onnx, discriminator.onnx, reference.npz, film.gif",
                    directory.display()
                );
            }
            End::Stopped => {
                println!("stopped; to go on: dcgan train --resume {}", directory.display());
            }
        }
        Ok(())
    }
}

/// A judge, if the pictures have labels.
pub(super) fn judge(dataset: &Dataset, device: &burn::tensor::Device) -> Result<Option<Judge>> {
    if dataset.attributes.is_empty() {
        eprintln!("no labels: quality is not measured (a Fréchet distance needs a classifier)");
        return Ok(None);
    }
    let bar = bar("{msg}  {bar:30} {pos}/{len}  {eta} left", "learning to judge");
    let judge = Judge::new(dataset, device, &bar)?;
    bar.finish_and_clear();
    for (attribute, accuracy) in dataset.attributes.iter().zip(&judge.accuracy) {
        eprintln!(
            "judge: {} right in {:.1} % of held-back pictures",
            attribute.name,
            accuracy * 100.0
        );
    }
    eprintln!(
        "judge: Fréchet distance of {} pictures: floor {:.3} (real), ceiling {:.1} (blurred)",
        judge.count, judge.floor, judge.ceiling
    );
    Ok(Some(judge))
}

pub(super) fn bar(template: &'static str, message: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("templates are ours");
    ProgressBar::new(0).with_style(style).with_message(message)
}
