//! `export inspect`

use anyhow::Result;
use clap::Args;
use export::generator::File;
use export::{inspect, table};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Inspect {
    /// An .onnx or .gen
    file: PathBuf,
}

impl Inspect {
    pub(crate) fn run(&self) -> Result<()> {
        print!("{}", table::layout(&inspect::inspect(&File::load(&self.file)?)?));
        Ok(())
    }
}
