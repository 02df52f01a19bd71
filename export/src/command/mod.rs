//! The subcommands, one file each, and the options that several of them share.

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
use export::draw::File;
use export::latent::wish::{LatentKind, Wishes};
use export::network::Order;
use export::picture::pixel_rule::PixelRule;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Turns a trained DCGAN generator in ONNX into a file for microcontrollers
#[derive(Parser)]
#[command(version)]
pub(crate) enum Command {
    /// Build an ONNX from a PyTorch or Keras checkpoint
    Onnx(onnx::Onnx),
    /// Quantise an ONNX and write NAME.gen, NAME.int8.onnx, NAME.report.json and NAME.worst.png
    Quantize(quantize::Quantize),
    /// Show layers, weights, useful MACs, flash and RAM of an .onnx or .gen
    Inspect(inspect::Inspect),
    /// Check whether an .onnx or .gen fits a board, how long a picture takes, and what to change
    Check(check::Check),
    /// Draw pictures with an .onnx (float32) or .gen (uint8)
    Sample(sample::Sample),
    /// Compare the pictures of two files on the same latents: PSNR and SSIM
    Compare(compare::Compare),
    /// Print completions for a shell
    Completions(completions::Completions),
}

/// Options for what an ONNX leaves open.
#[derive(Args)]
pub(crate) struct Asked {
    /// Draw only pictures of label K (from 0), if the generator takes labels
    #[arg(long, value_name = "K")]
    label: Option<usize>,
    /// Distribution of the latents, instead of the file's: normal (N(0, 1)) or uniform (on (−1, 1)). For one input
    /// only: NAME=normal, NAME=uniform or NAME=one-hot
    #[arg(long = "latent", value_name = "[NAME=]KIND")]
    kinds: Vec<LatentKind>,
    /// Output that is the picture, if the ONNX has several
    #[arg(long, value_name = "NAME")]
    output: Option<String>,
    /// Shape of a picture, if the output of the ONNX is flat: CxHxW, or HxWxC where the channels come last
    #[arg(long, value_name = "CxHxW")]
    shape: Option<Order>,
}

impl Asked {
    fn wishes(&self) -> Wishes {
        let Self { label, kinds, output, shape } = self;
        Wishes { label: *label, kinds: kinds.clone(), output: output.clone(), shape: shape.clone() }
    }

    /// Reads the file at `path`. All options are refused for a `.gen`, where they would change nothing.
    fn load(&self, path: &Path) -> Result<File> {
        let file = File::load(path)?;
        ensure!(
            matches!(file, File::Onnx(_)) || self.wishes().is_empty(),
            "{}: --label, --latent, --output and --shape change nothing here: give them for the ONNX that it was made from",
            path.display()
        );
        Ok(file)
    }
}

/// Prints `text` to standard output. A closed pipe is no error: the reader may stop early.
fn say(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot print"),
        _ => Ok(()),
    }
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

/// Prints what was assumed about the file at `path` to standard error.
fn note(path: &Path, notes: &[String]) {
    for note in notes {
        eprintln!("note: {}: {note}", path.display());
    }
}

/// Parses the value of `--pixels`.
fn pixels(text: &str) -> Result<PixelRule, String> {
    match text {
        "signed" => Ok(PixelRule::SIGNED),
        "unit" => Ok(PixelRule::UNIT),
        "byte" => Ok(PixelRule::BYTE),
        _ => Err("possible: signed, unit, byte".to_owned()),
    }
}
