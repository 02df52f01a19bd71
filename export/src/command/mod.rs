//! The commands, one a file.

mod compare;
mod completions;
mod inspect;
mod onnx;
mod quantize;
mod sample;
mod series;

use anyhow::Result;
use clap::{Args, Parser};
use export::generator::File;
use export::latents;
use export::pixels::PixelRule;
use gen_core::latent::Distribution;
use std::path::Path;

/// Turns a trained DCGAN generator in ONNX into a file for microcontrollers
#[derive(Parser)]
#[command(version)]
pub(crate) enum Command {
    /// Turn trained weights of PyTorch or Keras into an ONNX
    Onnx(onnx::Onnx),
    /// Quantise an ONNX: writes NAME.gen, NAME.int8.onnx and NAME.report.json
    Quantize(quantize::Quantize),
    /// Show layers, weights, useful MACs, flash and RAM of an .onnx or .gen
    Inspect(inspect::Inspect),
    /// Draw pictures with an .onnx (float32) or .gen (uint8)
    Sample(sample::Sample),
    /// PSNR and SSIM of the pictures of two files on the same latents
    Compare(compare::Compare),
    /// Print what completes commands in a shell
    Completions(completions::Completions),
}

/// Which pictures of a conditional generator are meant.
#[derive(Args)]
pub(crate) struct Label {
    /// Label of the pictures, from 0, where an ONNX takes one beside the latents: it is fixed
    #[arg(long, value_name = "K")]
    label: Option<usize>,
}

impl Label {
    /// The file at `path`, drawing what has the label.
    fn load(&self, path: &Path) -> Result<File> {
        let mut file = File::load(path)?;
        if let File::Onnx(source) = &mut file {
            source.label = self.label;
        }
        Ok(file)
    }
}

impl Command {
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Onnx(command) => command.run(),
            Self::Quantize(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::Sample(command) => command.run(),
            Self::Compare(command) => command.run(),
            Self::Completions(command) => command.run(),
        }
    }
}

fn distribution(text: &str) -> Result<Distribution, String> {
    latents::named(text).ok_or_else(|| "possible: normal, uniform".to_owned())
}

fn pixels(text: &str) -> Result<PixelRule, String> {
    match text {
        "signed" => Ok(PixelRule::SIGNED),
        "unit" => Ok(PixelRule::UNIT),
        "byte" => Ok(PixelRule::BYTE),
        _ => Err("possible: signed, unit, byte".to_owned()),
    }
}
