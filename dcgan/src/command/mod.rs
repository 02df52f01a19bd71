//! The subcommands of `dcgan`, one file each.

mod evaluate;
mod resume;
mod rules;
mod session;
mod train;
mod tuning;

use anyhow::Result;
use clap::Parser;

/// Trains, measures and writes DCGANs as ONNX (Radford, Metz and Chintala, arXiv 1511.06434)
#[derive(Parser)]
#[command(version)]
pub(crate) enum Command {
    /// Train a generator and a discriminator on pictures
    Train(Box<train::Train>),
    /// Continue a training that was stopped, or train for more steps
    Resume(resume::Resume),
    /// Measure the pictures of a generator, .onnx or .gen, against the data
    Evaluate(evaluate::Evaluate),
    /// Check a generator or discriminator in ONNX against the paper's architecture guidelines
    Rules(rules::Rules),
}

impl Command {
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Train(command) => command.run(),
            Self::Resume(command) => command.run(),
            Self::Evaluate(command) => command.run(),
            Self::Rules(command) => command.run(),
        }
    }
}
