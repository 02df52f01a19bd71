//! `export inspect`

use super::Drawn;
use anyhow::{Result, ensure};
use clap::Args;
use export::generator::File;
use export::{inspect, table};
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
        ensure!(
            matches!(file, File::Onnx(_))
                || self.drawn.label.is_none() && self.drawn.kinds.is_empty(),
            "{}: --label and --latent are for the ONNX that it was made from",
            self.file.display()
        );
        let layout = inspect::inspect(&file)?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&layout)?);
        } else {
            print!("{}\n{}", table::diagram(&layout), table::layout(&layout));
        }
        Ok(())
    }
}
