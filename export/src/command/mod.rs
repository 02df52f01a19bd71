//! The commands, one a file.

mod check;
mod compare;
mod completions;
mod inspect;
mod onnx;
mod quantize;
mod sample;
mod series;

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser};
use export::draw::{File, Generator};
use export::latent::Kind;
use export::picture::pixel_rule::PixelRule;
use gen_core::latent::Distribution;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Turns a trained DCGAN generator in ONNX into a file for microcontrollers
#[derive(Parser)]
#[command(version)]
pub(crate) enum Command {
    /// Turn trained weights of PyTorch or Keras into an ONNX
    Onnx(onnx::Onnx),
    /// Quantise an ONNX: writes NAME.gen, NAME.int8.onnx, NAME.report.json and NAME.worst.png
    Quantize(quantize::Quantize),
    /// Show layers, weights, useful MACs, flash and RAM of an .onnx or .gen
    Inspect(inspect::Inspect),
    /// Will an .onnx or .gen fit a board, how long does a picture take, what to change
    Check(check::Check),
    /// Draw pictures with an .onnx (float32) or .gen (uint8)
    Sample(sample::Sample),
    /// PSNR and SSIM of the pictures of two files on the same latents
    Compare(compare::Compare),
    /// Print what completes commands in a shell
    Completions(completions::Completions),
}

/// Which pictures are meant.
#[derive(Args)]
pub(crate) struct Drawn {
    /// Only pictures of this label, from 0, where a generator takes one beside noise (of several, of each)
    #[arg(long, value_name = "K")]
    label: Option<usize>,
    /// What latents are drawn from, if not from what the file says: normal (N(0, 1)) or uniform (on (−1, 1));
    /// of one input, NAME=normal, NAME=uniform or NAME=one-hot
    #[arg(long = "latent", value_name = "[NAME=]KIND")]
    kinds: Vec<Kind>,
}

impl Drawn {
    /// The file at `path`, drawing what has the label.
    fn load(&self, path: &Path) -> Result<File> {
        let mut file = File::load(path)?;
        match &mut file {
            File::Gen { kinds, .. } => kinds.clone_from(&self.kinds),
            File::Onnx(source) => {
                source.label = self.label;
                source.kinds.clone_from(&self.kinds);
            }
        }
        Ok(file)
    }

    /// Refuses what is said of a `.gen`, where that could change nothing.
    fn only_for_onnx(&self, file: &File) -> Result<()> {
        if let File::Gen { path, .. } = file {
            ensure!(
                self.label.is_none() && self.kinds.is_empty(),
                "{}: --label and --latent are for the ONNX that it was made from",
                path.display()
            );
        }
        Ok(())
    }
}

/// Prints; whoever reads may have enough.
fn say(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot print"),
        _ => Ok(()),
    }
}

/// Whether a file can draw the label that is asked for: one that is fixed already can't.
fn takes_label(file: &File, generator: &Generator) -> bool {
    let float = match file {
        File::Onnx(source) => !source.is_quantised(),
        File::Gen { .. } => false,
    };
    float || generator.latent.iter().any(|part| part.distribution == Distribution::OneHot)
}

impl Command {
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Onnx(command) => command.run(),
            Self::Quantize(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Sample(command) => command.run(),
            Self::Compare(command) => command.run(),
            Self::Completions(command) => command.run(),
        }
    }
}

fn pixels(text: &str) -> Result<PixelRule, String> {
    match text {
        "signed" => Ok(PixelRule::SIGNED),
        "unit" => Ok(PixelRule::UNIT),
        "byte" => Ok(PixelRule::BYTE),
        _ => Err("possible: signed, unit, byte".to_owned()),
    }
}
