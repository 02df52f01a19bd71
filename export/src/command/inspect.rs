//! `export inspect`

use super::Drawn;
use anyhow::Result;
use clap::Args;
use export::report::{inspect, text};
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "Examples:\n  export inspect generator.onnx\n  \
    export inspect conditional.onnx --label 3 --json")]
pub(crate) struct Inspect {
    /// An .onnx or .gen
    file: PathBuf,
    #[command(flatten)]
    drawn: Drawn,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) fn run(&self) -> Result<()> {
        let file = self.drawn.load(&self.file)?;
        self.drawn.only_for_onnx(&file)?;
        let layout = inspect::inspect(&file)?;
        if self.json {
            super::say(&format!("{}\n", serde_json::to_string_pretty(&layout)?))?;
        } else {
            super::say(&format!("{}\n{}", text::diagram(&layout), text::layout(&layout)))?;
        }
        Ok(())
    }
}
