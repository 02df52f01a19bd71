//! `export check`: whether a generator fits a board, how long a picture takes, and what to change.

use super::Asked;
use anyhow::{Result, ensure};
use boards::{CoreTime, Memory, usual_times};
use clap::Args;
use export::report::verdict::{Verdict, in_memory, on_board, with_a_screen};
use export::report::{inspect, text};
use gen_core::Model;
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "Examples:\n  export check generator.gen\n  \
    export check generator.onnx --board pico\n  export check generator.onnx --flash 512 --ram 64")]
pub(crate) struct Check {
    /// Generator, .onnx or .gen
    file: PathBuf,
    #[command(flatten)]
    asked: Asked,
    /// Check this board only
    #[arg(long, conflicts_with_all = ["flash", "ram"])]
    board: Option<String>,
    /// Flash for the whole program
    #[arg(long, value_name = "KiB", requires = "ram")]
    flash: Option<usize>,
    /// RAM for the whole program
    #[arg(long, value_name = "KiB", requires = "flash")]
    ram: Option<usize>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(&self) -> Result<()> {
        let file = self.asked.load(&self.file)?;
        let (bytes, network) = inspect::gen_file(&file, &self.asked.wishes())?;
        if let Some(network) = network {
            super::note(&self.file, &network.notes);
        }
        let model = Model::parse(&bytes)?;
        let verdicts = self.verdicts(&model, bytes.len())?;
        if self.json {
            return super::say(&(serde_json::to_string_pretty(&verdicts)? + "\n"));
        }
        super::say(&text::verdicts(&verdicts))?;
        if self.flash.is_some() {
            for CoreTime { core, clock_mhz, seconds, .. } in usual_times(&model)? {
                super::say(&format!(
                    "a picture on a Cortex-{core} at {clock_mhz} MHz: at least {seconds:.3} s\n"
                ))?;
            }
        }
        Ok(())
    }

    fn verdicts(&self, model: &Model, file: usize) -> Result<Vec<Verdict>> {
        if let (Some(flash), Some(ram)) = (self.flash, self.ram) {
            let [flash, ram] = [flash, ram].map(|kib| kib.saturating_mul(1024));
            return Ok(vec![in_memory(model, file, "this memory", Memory { flash, ram })]);
        }
        let boards =
            with_a_screen().filter(|it| self.board.as_deref().is_none_or(|name| name == it.name));
        let verdicts =
            boards.map(|board| on_board(model, file, board)).collect::<Result<Vec<_>>>()?;
        ensure!(
            !verdicts.is_empty(),
            "there is no board {}: choose one of {}",
            self.board.as_deref().unwrap_or_default(),
            with_a_screen().map(|board| board.name).collect::<Vec<_>>().join(", ")
        );
        Ok(verdicts)
    }
}
