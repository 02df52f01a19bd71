//! A training kept in a directory: its settings, its history and the state to continue from.
//!
//! ```text
//! RUN/lock                     locked while a process trains
//! RUN/run.json                 settings: data, networks, seed, switches
//! RUN/judge.json               the judge's reference values
//! RUN/log.csv                  losses and quality over the steps
//! RUN/sheets/STEP.png          pictures of the same latents at each step
//! RUN/checkpoints/STEP/        weights and optimisers, to continue from
//! RUN/generator.onnx           the trained networks, for any tool
//! RUN/discriminator.onnx
//! RUN/reference.npz            their outputs on this machine, to compare other runtimes with
//! RUN/sheet.png, film.gif      the last pictures, and all sheets in sequence
//! ```

mod checkpoint;
mod drawing;
mod film;
mod lock;
mod log;
mod plan;
mod reference;
mod warning;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use export::picture::sheet;
use indicatif::ProgressBar;
use output::file;

use crate::condition::{self, Classes};
use crate::data::{Attribute, Dataset};
use crate::generator::Generator;
use crate::judge::{self, Judge, Verdict};
use crate::onnx::{self, About};
use crate::options::Options;
use crate::random::{self, Purpose};
use crate::trainer::Trainer;
pub use drawing::JUDGED_SEED;
use drawing::{draw, noise};
pub use lock::lock;
use log::Log;
pub use plan::{Plan, digest};

/// Steps between two lines of the log.
const LOG_STEPS: u64 = 50;
/// Pictures in a row of a sheet.
const COLUMNS: usize = 8;
/// Pictures on a sheet of a network that is not conditional.
const SHEET: usize = 8 * COLUMNS;
/// Classes on a sheet of a conditional network, at most.
const ROWS: usize = 16;

/// A run and everything that it needs to go on.
pub struct Run<'a> {
    directory: PathBuf,
    plan: Plan,
    dataset: &'a Dataset,
    judge: Option<Judge>,
    trainer: Trainer,
    log: Log,
    /// The current epoch and the order of its pictures.
    epoch: (u64, Vec<usize>),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All steps are done.
    Done,
    /// Stopped before the last step; the run can be resumed.
    Stopped,
}

/// Checks that a run can begin in `directory`. Call it before work that takes long.
///
/// # Errors
///
/// If the directory already holds a run, or cannot be written.
pub fn check(directory: &Path) -> Result<()> {
    file::directory(directory)?;
    let file = directory.join("run.json");
    file::check(&[&file])?;
    ensure!(
        !file.exists(),
        "{}: already contains a run: continue it with `dcgan resume`, or choose another directory",
        directory.display()
    );
    Ok(())
}

/// Creates a run in `directory`, to be [opened](Run::open).
///
/// # Errors
///
/// If the directory already holds a run, or cannot be written.
pub fn begin(directory: &Path, plan: &Plan, judge: Option<&Judge>) -> Result<()> {
    check(directory)?;
    for part in ["sheets", "checkpoints"] {
        file::directory(&directory.join(part))?;
    }
    if let Some(judge) = judge {
        let scale = serde_json::to_string_pretty(&judge.scale)?;
        file::write(&[(directory.join("judge.json"), scale.as_bytes())])?;
    }
    plan.save(directory)
}

impl<'a> Run<'a> {
    /// Opens the run in `directory` at its last checkpoint, or at step 0 if there is none.
    ///
    /// # Errors
    ///
    /// If a file is missing or damaged, or the run has already passed the planned number of steps.
    pub fn open(
        directory: &Path,
        plan: Plan,
        dataset: &'a Dataset,
        judge: Option<Judge>,
        device: &Device,
    ) -> Result<Self> {
        let condition = plan.condition.as_deref().map(|it| dataset.attribute(it)).transpose()?;
        let classes = condition.map_or(0, |it| it.classes.len());
        ensure!(
            classes == plan.options.network.classes,
            "{}: run.json: {classes} classes to draw by, but networks for {}",
            directory.display(),
            plan.options.network.classes
        );
        let len = dataset.picture_len();
        let deviation = judge::deviation(dataset.pixels.chunks_exact(len), len) / 127.5;
        let mut trainer = Trainer::new(plan.options, condition, deviation as f32, device);
        let sums = checkpoint::load(&directory.join("checkpoints"), &mut trainer)?;
        let (step, steps) = (trainer.step, plan.steps);
        ensure!(step <= steps, "{}: already at step {step} of {steps}", directory.display());
        let log = Log::open(&directory.join("log.csv"), trainer.step, sums)?;
        let directory = directory.to_owned();
        let epoch = (0, random::order(plan.options.seed, Purpose::Order, 0, dataset.len()));
        Ok(Self { directory, plan, dataset, judge, trainer, log, epoch })
    }

    /// Trains until all steps are done or `stop` is set. Passes a line of text to `say` with every sheet.
    ///
    /// # Errors
    ///
    /// If the training diverges or a file cannot be written. Files written before remain.
    pub fn train(
        &mut self,
        stop: &AtomicBool,
        bar: &ProgressBar,
        say: &dyn Fn(String),
    ) -> Result<End> {
        let Plan { steps, interval, .. } = self.plan;
        bar.set_length(steps);
        bar.set_position(self.trainer.step);
        bar.reset_eta();
        while self.trainer.step < steps {
            if stop.load(Ordering::Relaxed) {
                self.save()?;
                return Ok(End::Stopped);
            }
            let start = Instant::now();
            // On one of the threads that share the work: none has to be woken for each operation.
            let progress = rayon::scope(|_| {
                let (pictures, classes) = self.batch(self.trainer.step);
                self.trainer.step(pictures, classes.as_ref())
            });
            let step = self.trainer.step;
            if !(progress.discriminator.is_finite() && progress.generator.is_finite()) {
                bail!(
                    "step {step}: the losses are no longer finite: train again with a lower \
                     --rate; what was written before stays"
                );
            }
            self.log.add(&progress, start.elapsed());
            bar.set_position(step);
            let is_sheet = step.is_multiple_of(interval);
            if step.is_multiple_of(LOG_STEPS) || is_sheet {
                bar.set_message(self.log.text(self.batch_len()));
                let verdict = if is_sheet { self.write_sheet(step, say)? } else { None };
                if is_sheet && let Some(warning) = warning::warning(step, &self.log.mean()) {
                    say(format!("step {step}: {warning}"));
                }
                self.log.write(step, verdict)?;
            }
            if is_sheet {
                self.save()?;
            }
        }
        self.save()?;
        Ok(End::Done)
    }

    /// Writes the results: both networks and the judge's classifier as ONNX, their reference outputs, the last sheet and the film.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn finish(&self) -> Result<()> {
        let about = About {
            data: self.dataset.name.clone(),
            licence: self.plan.licence.clone(),
            steps: self.trainer.step,
            seed: self.plan.options.seed,
            condition: self.trainer.condition.as_ref().map(Attribute::listed),
        };
        let network = &self.plan.options.network;
        let generator = self.trainer.averaged();
        let discriminator = self.trainer.discriminator.valid();
        let sheet = self.sheet(&generator)?;
        let reference = reference::encode(&generator, &discriminator, network)?;
        let place = |name: &str| self.directory.join(name);
        file::write(&[
            (place("generator.onnx"), &onnx::generator(&generator, network, &about)),
            (place("discriminator.onnx"), &onnx::discriminator(&discriminator, network, &about)),
            (place("reference.npz"), &reference),
            (place("sheet.png"), &sheet),
        ])?;
        if let Some(judge) = &self.judge {
            let (classifier, attributes) = judge.classifier();
            let shape = [network.channels, network.size];
            let classifier = onnx::classifier(classifier, attributes, shape, &about);
            file::write(&[(place("classifier.onnx"), &classifier)])?;
        }
        let film = film::encode(&place("sheets"), self.trainer.step, &sheet)?;
        file::write(&[(place("film.gif"), &film)])
    }

    fn save(&self) -> Result<()> {
        checkpoint::save(&self.directory.join("checkpoints"), &self.trainer, &self.log.sums)
    }

    fn batch_len(&self) -> usize {
        self.plan.options.batch.min(self.dataset.len())
    }

    /// The real pictures of step `step`, and their classes if the networks are conditional. Each epoch has an order of
    /// its own; pictures left over at its end, too few for a batch, are skipped.
    fn batch(&mut self, step: u64) -> (Tensor<4>, Option<Classes>) {
        let batch = self.batch_len();
        let batches = (self.dataset.len() / batch) as u64;
        let (epoch, at) = (step / batches, (step % batches) as usize);
        if self.epoch.0 != epoch {
            let seed = self.plan.options.seed;
            self.epoch = (epoch, random::order(seed, Purpose::Order, epoch, self.dataset.len()));
        }
        let indices = &self.epoch.1[at * batch..][..batch];
        let classes = self.trainer.condition.as_ref().map(|it| it.of(indices));
        (self.dataset.batch(indices, &self.trainer.device), classes)
    }

    /// Writes a sheet and, if there is a judge, measures quality.
    fn write_sheet(&self, step: u64, say: &dyn Fn(String)) -> Result<Option<Verdict>> {
        let generator = self.trainer.averaged();
        let sheet = self.sheet(&generator)?;
        file::write(&[(self.directory.join(format!("sheets/{step:06}.png")), &sheet)])?;
        let Some(judge) = &self.judge else { return Ok(None) };
        let count = judge.scale.count;
        let noise = noise(&self.plan.options.network, JUDGED_SEED, 0..count);
        let condition = self.trainer.condition.as_ref();
        let classes = condition.map(|it| it.draw(JUDGED_SEED, 0, count));
        let latents = condition::latents(noise, classes.as_ref());
        let verdict = judge.judge(&draw(&generator, &latents));
        let Verdict { frechet, floors, manifold, .. } = verdict;
        say(format!(
            "step {step}: Fréchet distance {frechet:.2}, {floors:.1} times the floor; \
             precision {:.2}, coverage {:.2}",
            manifold.precision, manifold.coverage
        ));
        Ok(Some(verdict))
    }

    /// Pictures of the same noise at each step. Those of a conditional network have a row for each of its first classes;
    /// their columns share their noise.
    fn sheet(&self, generator: &Generator) -> Result<Vec<u8>> {
        let Options { network, seed, .. } = &self.plan.options;
        let latents = match network.classes {
            0 => noise(network, *seed, 0..SHEET),
            count => {
                let noise = noise(network, *seed, 0..COLUMNS);
                let rows =
                    (0..count.min(ROWS)).map(|class| Classes::new(vec![class; COLUMNS], count));
                rows.flat_map(|row| condition::latents(noise.clone(), Some(&row))).collect()
            }
        };
        sheet::rows(&draw(generator, &latents), COLUMNS)
    }
}

/// Paths in `directory` whose name is a number followed by `ending`, in the order of their numbers.
fn numbered(directory: &Path, ending: &str) -> Result<Vec<(u64, PathBuf)>> {
    let name = || format!("{}: cannot be listed", directory.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).with_context(name)? {
        let path = entry.with_context(name)?.path();
        let name = path.file_name().and_then(|name| name.to_str()?.strip_suffix(ending));
        let number = name.and_then(|name| name.parse().ok());
        found.extend(number.map(|number| (number, path)));
    }
    found.sort();
    Ok(found)
}
