//! What `train`, `resume` and `evaluate` share: the training loop, the thread pool, the judge, the progress
//! bar.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use dcgan::data::Dataset;
use dcgan::judge::Judge;
use dcgan::run::{End, Run};
use indicatif::{ProgressBar, ProgressStyle};

/// Trains until all steps are done or Ctrl-C is pressed.
pub(super) fn train(mut run: Run, directory: &Path) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).context("Ctrl-C")?;
    let bar = bar("{bar:24} {pos}/{len}  {msg}  {eta} left", "training");
    let say = |line: String| bar.suspend(|| eprintln!("{line}"));
    let end = run.train(&stop, &bar, &say)?;
    bar.finish_and_clear();
    let directory = directory.display();
    match end {
        End::Done => {
            run.finish()?;
            println!("{directory}: generator.onnx, discriminator.onnx, sheet.png, film.gif");
        }
        // Exit with an error: a command that follows in a script would find no generator.
        End::Stopped => bail!("stopped; continue with: dcgan resume {directory}"),
    }
    Ok(())
}

/// Sets the number of threads of the global pool.
pub(super) fn threads(threads: usize) -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build_global().context("threads")
}

/// Trains a judge on the labels of `dataset` and prints its accuracy; `None` if [`Judge::new`] fails, with a message.
pub(super) fn judge(dataset: &Dataset, device: &Device) -> Option<Judge> {
    let bar = bar("{msg}  {bar:24} {pos}/{len}  {eta} left", "learning to judge");
    let judge = Judge::new(dataset, device, &bar);
    bar.finish_and_clear();
    let judge = judge.inspect_err(|error| eprintln!("quality is not measured: {error}")).ok()?;
    let scale = &judge.scale;
    for (attribute, accuracy) in dataset.attributes.iter().zip(&scale.accuracy) {
        let percent = accuracy * 100.0;
        eprintln!("judge: {} right in {percent:.1} % of held-back pictures", attribute.name);
    }
    eprintln!(
        "judge: Fréchet distance of {} pictures: floor {:.3} (real), ceiling {:.1} (blurred)",
        scale.count, scale.floor, scale.ceiling
    );
    Some(judge)
}

pub(super) fn bar(template: &'static str, message: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("templates are ours");
    ProgressBar::new(0).with_style(style).with_message(message)
}
