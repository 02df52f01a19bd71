//! `cargo xtask model`: trains and quantises the shipped models again from their data.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;
use recipes::Set;
use setup::{step, workspace};

/// Discriminators and classifiers of this many bytes or more are not copied to `models/`.
const MOST: u64 = 1 << 20;

/// A model of `models/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shipped {
    /// Pixel-art faces, 32×32 RGB
    Faces,
    /// Photographs of clothes, 28×28 grey
    Fashion,
}

impl Shipped {
    /// The pictures that it learns, which have its name, and their licence.
    fn pictures(self) -> (Set, &'static str) {
        match self {
            Self::Faces => (Set::Faces, "CC0 1.0"),
            Self::Fashion => (Set::Fashion, "MIT"),
        }
    }
}

/// Trains and quantises `shipped` in `target/models/NAME`, then copies it into `models/`, with its discriminator and the
/// judge's classifier where they are small.
///
/// # Errors
///
/// If the data cannot be fetched or drawn, or a step fails.
pub fn model(shipped: Shipped) -> Result<()> {
    let (set, licence) = shipped.pictures();
    let name = set.name();
    let pictures = recipes::data(set, None)?;
    let run = workspace::target_directory()?.join("models").join(name);
    if run.exists() {
        fs::remove_dir_all(&run).with_context(|| format!("cannot remove {}", run.display()))?;
    }
    let mut train = workspace::cargo();
    train.args(["run", "--package", "dcgan", "--", "train", "--data"]).arg(pictures);
    train.arg("--output").arg(&run).args(["--licence", licence]);
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

    let models = workspace::root().join("models");
    for part in ["discriminator", "classifier"] {
        let file = run.join(part).with_extension("onnx");
        let size = fs::metadata(&file).with_context(|| file.display().to_string())?.len();
        if size < MOST {
            copy(&file, &models.join(format!("{name}.{part}.onnx")))?;
        }
    }
    let place = models.join(name);
    copy(&onnx, &place.with_extension("onnx"))?;
    copy(&run.join(name).with_extension("gen"), &place.with_extension("gen"))?;
    copy(&run.join("reference.npz"), &place.with_extension("reference.npz"))?;
    copy(&run.join("sheet.png"), &place.with_extension("png"))?;
    Ok(())
}
