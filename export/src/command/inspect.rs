//! `export inspect`: a generator's network and sizes, layer by layer.

use super::Asked;
use anyhow::Result;
use clap::Args;
use export::report::{inspect, layout};
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "Columns of the table:\n  \
    MACs     multiply-accumulates per picture whose product lands in the output\n  \
    weights  bytes of weights\n  \
    read     how often a picture reads each weight: once per output row, or once in total\n  \
    window   bytes of working memory for the layer's output rows\n\n\
    Examples:\n  export inspect generator.onnx\n  \
    export inspect conditional.onnx --label 3 --json")]
pub(crate) struct Inspect {
    /// Generator, .onnx or .gen
    file: PathBuf,
    #[command(flatten)]
    asked: Asked,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) fn run(&self) -> Result<()> {
        let file = self.asked.load(&self.file)?;
        let sizes = inspect::inspect(&file, &self.asked.wishes())?;
        if self.json {
            return super::say(&(serde_json::to_string_pretty(&sizes)? + "\n"));
        }
        super::say(&format!("{}\n{}", layout::diagram(&sizes), layout::table(&sizes)))
    }
}
