//! `cargo xtask model`: trains and quantises the shipped models again from their data.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;
use recipes::Set;
use setup::{step, workspace};

/// A model of `models/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shipped {
    /// Pixel-art faces, 32×32 RGB
    Faces,
    /// Photographs of clothes, 28×28 grey
    Fashion,
}

/// Training options of all shipped models. One thread: another number of threads changes the order of
/// floating-point additions, and with it the weights.
const SWITCHES: &str = "--preset micro-256k --seed 1 --batch 64 --ema 0.999 --threads 1 \
                        --steps 3000 --interval 500 --rate 4e-4 --rate-ratio 0.5 --smooth 0.1 \
                        --anneal";

/// Trains and quantises `shipped` in `target/models/NAME`, then copies it into `models/`.
///
/// # Errors
///
/// If the data cannot be fetched or drawn, or a step fails.
pub fn model(shipped: Shipped) -> Result<()> {
    // The pictures that the model learns, which have the same name, and their licence.
    let (set, licence) = match shipped {
        Shipped::Faces => (Set::Faces, "CC0 1.0"),
        Shipped::Fashion => (Set::Fashion, "MIT"),
    };
    let name = set.name();
    let pictures = recipes::data(set, None)?;
    let run = workspace::target_directory()?.join("models").join(name);
    if run.exists() {
        fs::remove_dir_all(&run).with_context(|| format!("cannot remove {}", run.display()))?;
    }
    let mut train = workspace::cargo();
    train.args(["run", "--package", "dcgan", "--", "train", "--data"]).arg(pictures);
    train.arg("--output").arg(&run).args(SWITCHES.split(' ')).args(["--licence", licence]);
    step::run(&format!("training {name}"), &mut train)?;

    // The file name becomes the model's name in the .gen.
    let onnx = run.join(name).with_extension("onnx");
    let copy = |from: &Path, to: &Path| {
        let places = || format!("cannot copy {} to {}", from.display(), to.display());
        fs::copy(from, to).with_context(places)
    };
    copy(&run.join("generator.onnx"), &onnx)?;
    let mut quantize = workspace::cargo();
    quantize.args(["run", "--package", "export", "--", "quantize"]).arg(&onnx);
    step::run(&format!("quantising {name}"), quantize.arg("-o").arg(&run))?;

    let place = workspace::root().join("models").join(name);
    copy(&onnx, &place.with_extension("onnx"))?;
    copy(&run.join(name).with_extension("gen"), &place.with_extension("gen"))?;
    copy(&run.join("reference.npz"), &place.with_extension("reference.npz"))?;
    copy(&run.join("sheet.png"), &place.with_extension("png"))?;
    Ok(())
}
