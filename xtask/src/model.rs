//! `cargo xtask model`: the shipped models, made again from their data.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::data::{self, Set};
use crate::{step, workspace};

/// A model of `models/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shipped {
    /// Pixel-art faces, 32×32 RGB
    Faces,
    /// Photographs of clothes, 28×28 grey
    Fashion,
}

/// How all of them are trained: one thread, because another number rounds sums differently.
const SWITCHES: &str =
    "--threads 1 --steps 3000 --rate 4e-4 --rate-ratio 0.5 --smooth 0.1 --anneal";

impl Shipped {
    /// The pictures that it learns, which have its name, and their licence.
    fn data(self) -> (Set, &'static str) {
        match self {
            Self::Faces => (Set::Faces, "CC0 1.0"),
            Self::Fashion => (Set::Fashion, "MIT"),
        }
    }
}

/// Trains and quantises `shipped`, in `target/models/NAME`, and puts it into `models/`.
///
/// # Errors
///
/// If the data cannot be had or a step fails.
pub fn model(shipped: Shipped) -> Result<()> {
    let (set, licence) = shipped.data();
    let name = set.name();
    data::data(set, None)?;
    let target = workspace::target_directory()?;
    let run = target.join("models").join(name);
    if run.exists() {
        fs::remove_dir_all(&run).with_context(|| format!("cannot remove {}", run.display()))?;
    }
    let pictures = target.join("data").join(name);
    let mut train = workspace::cargo();
    train.args(["run", "--package", "dcgan", "--", "train", "--data"]).arg(pictures);
    train.arg("--output").arg(&run).args(SWITCHES.split(' ')).args(["--licence", licence]);
    step::run(&format!("training {name}"), &mut train)?;

    let models = workspace::root().join("models");
    let onnx = models.join(name).with_extension("onnx");
    let copy = |from: &str, to: &Path| {
        fs::copy(run.join(from), to).with_context(|| format!("cannot write {}", to.display()))
    };
    copy("generator.onnx", &onnx)?;
    copy("reference.npz", &models.join(name).with_extension("reference.npz"))?;
    copy("sheet.png", &models.join(name).with_extension("png"))?;
    let mut quantize = workspace::cargo();
    quantize.args(["run", "--package", "export", "--", "quantize"]).arg(&onnx);
    let quantized = [OsStr::new("-o"), run.as_os_str()];
    step::run(&format!("quantising {name}"), quantize.args(quantized))?;
    let gen_file = format!("{name}.gen");
    copy(&gen_file, &models.join(&gen_file))?;
    Ok(())
}
