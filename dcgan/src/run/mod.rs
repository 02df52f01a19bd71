//! A training as a directory: what was asked, what happened, where to go on.
//!
//! ```text
//! RUN/run.json                 what was asked: data, networks, seed, switches
//! RUN/log.csv                  losses and quality over the steps
//! RUN/sheets/STEP.png          the same latents' pictures over the steps
//! RUN/checkpoints/STEP/        weights and optimisers, to go on from
//! RUN/film.gif                 all sheets in a row
//! RUN/generator.onnx           what was trained, for any tool
//! RUN/discriminator.onnx
//! RUN/reference.npz            what both gave here, to compare other runtimes with
//! ```

mod checkpoint;
mod film;
mod log;
mod reference;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use export::picture::Picture;
use export::{latents, output, sheet};
use gen_core::latent::Distribution;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::Dataset;
use crate::generator::Generator;
use crate::judge::{self, Judge};
use crate::onnx::{self, About};
use crate::options::Options;
use crate::random::{self, Purpose};
use crate::trainer::{Progress, Trainer};
use crate::values::values;
use log::Log;

/// Steps between two lines of the log.
const LOG_STEPS: u64 = 50;
/// Pictures on a sheet.
const SHEET: usize = 64;
/// Pictures drawn at a time.
const DRAWN: usize = 250;
/// Below this part of the data's diversity a batch counts as collapsed.
const COLLAPSED: f32 = 0.5;
/// The discriminator counts as saturated above this mean probability of real pictures, and below
/// 1 minus it of drawn ones.
const SATURATED: f32 = 0.98;

/// What a run was asked to do: `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Where the pictures are.
    pub data: PathBuf,
    /// Whether pictures of other sizes are cropped and resized.
    pub resize: bool,
    /// A CSV of labels that isn't the data's own.
    pub labels: Option<PathBuf>,
    /// SHA-256 of the pictures' pixels.
    pub pixels: String,
    /// Licence of the data.
    pub licence: Option<String>,
    /// The networks and how they learn.
    pub options: Options,
    /// Steps between two sheets, verdicts and checkpoints.
    pub interval: u64,
    /// Threads: sums are taken in another order on another number of them.
    pub threads: usize,
}

/// A run.
pub struct Run<'a> {
    directory: PathBuf,
    plan: Plan,
    dataset: &'a Dataset,
    judge: Option<Judge>,
    trainer: Trainer,
    log: Log,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// After all its steps.
    Done,
    /// Before, and can go on.
    Stopped,
}

/// SHA-256 of all pixels.
pub fn digest(dataset: &Dataset) -> String {
    Sha256::digest(&dataset.pixels).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Plan {
    /// Reads `directory`'s `run.json`.
    ///
    /// # Errors
    /// If there is none, or it isn't one.
    pub fn load(directory: &Path) -> Result<Self> {
        let path = directory.join("run.json");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{}: cannot be read: is it a run?", path.display()))?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }
}

impl<'a> Run<'a> {
    /// Begins a run in `directory`.
    ///
    /// # Errors
    /// If there is one already, or it can't be written.
    pub fn new(
        directory: &Path,
        plan: Plan,
        dataset: &'a Dataset,
        judge: Option<Judge>,
        device: &Device,
    ) -> Result<Self> {
        let file = directory.join("run.json");
        ensure!(
            !file.exists(),
            "{}: a run already: --resume goes on with it, or choose another directory",
            directory.display()
        );
        for part in ["sheets", "checkpoints"] {
            output::directory(&directory.join(part))?;
        }
        output::write(&[(file, serde_json::to_string_pretty(&plan)?.as_bytes())])?;
        let log = Log::new(&directory.join("log.csv"))?;
        let trainer = Trainer::new(plan.options, device);
        Ok(Self { directory: directory.to_owned(), plan, dataset, judge, trainer, log })
    }

    /// Goes on with the run in `directory` from its last checkpoint.
    ///
    /// # Errors
    /// If a file is missing or damaged, or the data are others.
    pub fn resume(
        directory: &Path,
        plan: Plan,
        dataset: &'a Dataset,
        judge: Option<Judge>,
        device: &Device,
    ) -> Result<Self> {
        ensure!(
            digest(dataset) == plan.pixels,
            "{}: not the pictures that the run began with",
            plan.data.display()
        );
        let mut trainer = Trainer::new(plan.options, device);
        checkpoint::load(&directory.join("checkpoints"), &mut trainer)?;
        let log = Log::resume(&directory.join("log.csv"), trainer.step)?;
        Ok(Self { directory: directory.to_owned(), plan, dataset, judge, trainer, log })
    }

    /// Trains until `steps` steps are done or `stop` is set. A line for people goes to `say` with
    /// every sheet and every warning.
    ///
    /// # Errors
    /// If a file can't be written; all that was written before stays.
    pub fn train(
        &mut self,
        steps: u64,
        stop: &AtomicBool,
        bar: &ProgressBar,
        say: &dyn Fn(String),
    ) -> Result<End> {
        let deviation = self.deviation();
        bar.set_length(steps);
        bar.set_position(self.trainer.step);
        bar.reset_eta();
        while self.trainer.step < steps {
            if stop.load(Ordering::Relaxed) {
                checkpoint::save(&self.directory.join("checkpoints"), &self.trainer)?;
                return Ok(End::Stopped);
            }
            let start = Instant::now();
            let batch = self.batch(self.trainer.step);
            let mut progress = self.trainer.step(batch);
            progress.diversity /= deviation;
            self.log.add(&progress, start.elapsed());
            let step = self.trainer.step;
            bar.set_position(step);
            let is_sheet = step.is_multiple_of(self.plan.interval) || step == steps;
            if step.is_multiple_of(LOG_STEPS) || is_sheet {
                let mean = self.log.mean();
                bar.set_message(mean.to_string());
                if is_sheet && let Some(warning) = warning(&mean.progress) {
                    say(format!("step {step}: {warning}"));
                }
                let frechet = if is_sheet { self.show(step, say)? } else { None };
                self.log.write(step, frechet)?;
            }
            if is_sheet {
                checkpoint::save(&self.directory.join("checkpoints"), &self.trainer)?;
            }
        }
        Ok(End::Done)
    }

    /// Writes what was trained: both ONNX, what they give on the desk, and the film.
    ///
    /// # Errors
    /// If a file can't be written.
    pub fn finish(&self) -> Result<()> {
        let about = About {
            data: self.dataset.name.clone(),
            licence: self.plan.licence.clone(),
            steps: self.trainer.step,
            seed: self.plan.options.seed,
        };
        let network = &self.plan.options.network;
        let (generator, discriminator) = (self.trainer.shown(), self.trainer.discriminator.valid());
        let files = [
            ("generator.onnx", onnx::generator(&generator, network, &about)),
            ("discriminator.onnx", onnx::discriminator(&discriminator, network, &about)),
            ("reference.npz", reference::encode(&generator, &discriminator, network)?),
            ("film.gif", film::encode(&self.directory.join("sheets"))?),
        ];
        let files = files.each_ref().map(|(name, bytes)| (self.directory.join(name), &**bytes));
        output::write(&files)
    }

    /// The pictures of step `step`: epoch after epoch, each in an order of its own; what doesn't
    /// fill a batch at an epoch's end is left out.
    fn batch(&self, step: u64) -> Tensor<4> {
        let options = &self.plan.options;
        let batch = options.batch.min(self.dataset.len());
        let batches = (self.dataset.len() / batch) as u64;
        let (epoch, at) = (step / batches, (step % batches) as usize);
        let order = random::order(options.seed, Purpose::Order, epoch, self.dataset.len());
        self.dataset.batch(&order[at * batch..][..batch], self.trainer.device())
    }

    /// Writes a sheet and asks the judge: the Fréchet distance.
    fn show(&self, step: u64, say: &dyn Fn(String)) -> Result<Option<f64>> {
        let network = &self.plan.options.network;
        let generator = self.trainer.shown();
        let seed = self.plan.options.seed;
        let sheet = sheet::encode(&draw(&generator, network.latent, seed, SHEET))?;
        output::write(&[(self.directory.join(format!("sheets/{step:06}.png")), &sheet)])?;
        let Some(judge) = &self.judge else { return Ok(None) };
        let pictures = draw(&generator, network.latent, JUDGED_SEED, judge.count);
        let verdict = judge.judge(self.dataset, &pictures);
        let floors = verdict.frechet / judge.floor;
        say(format!(
            "step {step}: Fréchet distance {:.2}, {floors:.1} times the floor; diversity {:.2}",
            verdict.frechet, verdict.diversity
        ));
        Ok(Some(verdict.frechet))
    }

    /// Deviation of the data as the networks see them.
    fn deviation(&self) -> f32 {
        let indices = 0..self.dataset.len().min(5000);
        let pictures: Vec<Picture> = indices.map(|i| self.dataset.picture(i)).collect();
        (judge::deviation(&pictures) / 127.5) as f32
    }
}

/// Seed of the first picture that is judged: every generator is judged on the same latents.
pub const JUDGED_SEED: u64 = 1 << 40;

/// The pictures of `count` seeds from `seed` on: what `export sample` and a device show for them,
/// but for quantising.
pub fn draw(generator: &Generator, latent: usize, seed: u64, count: usize) -> Vec<Picture> {
    let device = generator.layers[0].conv.weight.val().device();
    let mut pictures = Vec::with_capacity(count);
    for begin in (0..count).step_by(DRAWN) {
        let indices = begin..(begin + DRAWN).min(count);
        let n = indices.len();
        let shown = |i| latents::shown(seed, i, Distribution::Normal, latent);
        let z: Vec<f32> = indices.flat_map(shown).collect();
        let drawn = generator.forward(Tensor::from_data(TensorData::new(z, [n, latent]), &device));
        let [_, channels, height, width] = drawn.dims();
        let drawn = values(drawn);
        let pixel = |y: &f32| export::pixels::PixelRule::SIGNED.pixel(f64::from(*y));
        let planes = drawn.chunks_exact(channels * height * width);
        pictures.extend(planes.map(|values| Picture {
            channels,
            height,
            width,
            pixels: values.iter().map(pixel).collect(),
        }));
    }
    pictures
}

/// What is wrong with the training.
fn warning(mean: &Progress) -> Option<String> {
    if !(mean.discriminator.is_finite() && mean.generator.is_finite()) {
        Some("the losses are no longer finite: lower --rate".to_owned())
    } else if mean.diversity < COLLAPSED {
        let percent = mean.diversity * 100.0;
        Some(format!(
            "a batch is {percent:.0} % as varied as the data: the generator may be collapsing \
             (normal at first; later try --minibatch-discrimination or another --rate-ratio)"
        ))
    } else if mean.real > SATURATED && mean.drawn < 1.0 - SATURATED {
        Some(
            "the discriminator is always right: the generator learns little (try --smooth 0.1 \
              or a lower --rate-ratio)"
                .to_owned(),
        )
    } else {
        None
    }
}
