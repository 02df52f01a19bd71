//! `dcgan train`: trains a new DCGAN and writes it into a run directory.

use std::path::{PathBuf, absolute};
use std::thread::available_parallelism;

use anyhow::{Result, ensure};
use clap::Args;
use dcgan::data::{Dataset, Reading};
use dcgan::network::Network;
use dcgan::options::Options;
use dcgan::preset::Preset;
use dcgan::run::{self, Plan, Run};

use super::session;
use super::tuning::Tuning;

#[derive(Args)]
pub(crate) struct Train {
    /// A directory of PNG or JPEG files (with or without labels.csv; its subdirectory test is left out), idx files or an
    /// .npz
    #[arg(long)]
    data: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Licence of the data, written into the ONNX
    #[arg(long)]
    licence: Option<String>,
    /// Directory to write the run to
    #[arg(short, long, value_name = "RUN")]
    output: PathBuf,

    /// Sizes of the network; the options below override single ones [default: micro-256k up to 32×32 pixels, otherwise
    /// micro-1m]
    #[arg(long, value_enum)]
    preset: Option<Preset>,
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

    /// Draw by this attribute of the labels: a conditional generator, whose second input is the class
    #[arg(long, value_name = "NAME")]
    condition: Option<String>,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    tuning: Tuning,
    /// Steps between two checkpoints, each with a sheet and a judgement of quality
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
    /// Threads [default: one per logical processor]; their number does not change the results
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Train {
    pub(crate) fn run(&self) -> Result<()> {
        let threads = self.threads.map(usize::from);
        let threads = threads.unwrap_or(available_parallelism().map_or(1, usize::from));
        session::threads(threads)?;
        let dataset = Dataset::load(&self.data, &self.reading)?;
        let preset = self.preset.unwrap_or(Preset::of(dataset.size));
        let classes = self.classes(&dataset)?;
        let preset = preset.network(dataset.size, dataset.channels, classes);
        let network = Network {
            latent: self.latent.unwrap_or(preset.latent),
            width: self.width.unwrap_or(preset.width),
            discriminator_width: self.discriminator_width.unwrap_or(preset.discriminator_width),
            kernel: self.kernel.unwrap_or(preset.kernel),
            ..preset
        };
        let steps = self.tuning.steps(dataset.size);
        let options = self.tuning.complete(Options { network, ..self.options });
        options.check()?;
        let data = self.data.display();
        ensure!(
            dataset.is_varied(),
            "{data}: all pictures are the same: there is nothing to learn"
        );
        run::check(&self.output)?;
        let _lock = run::lock(&self.output)?;
        eprintln!("{network}");
        let plan = Plan {
            data: absolute(&self.data)?,
            resize: self.reading.resize,
            labels: self.reading.labels.as_deref().map(absolute).transpose()?,
            sha256: run::digest(&dataset),
            condition: self.condition.clone(),
            licence: self.licence.clone(),
            options,
            steps,
            interval: self.interval,
            threads,
        };
        let device = dcgan::device::device();
        let judge = session::judge(&dataset, &device);
        run::begin(&self.output, &plan, judge.as_ref())?;
        session::train(Run::open(&self.output, plan, &dataset, judge, &device)?, &self.output)
    }

    /// Number of classes of a conditional network.
    fn classes(&self, dataset: &Dataset) -> Result<usize> {
        let Some(name) = &self.condition else { return Ok(0) };
        let attribute = dataset.attribute(name)?;
        for (index, class) in attribute.classes.iter().enumerate() {
            ensure!(
                attribute.values.contains(&index),
                "--condition {name}: no picture is of class {class}: number classes from 0, without gaps"
            );
        }
        ensure!(attribute.classes.len() > 1, "--condition {name}: all pictures are of one class");
        Ok(attribute.classes.len())
    }
}
