//! `export check`

use super::Asked;
use anyhow::{Result, ensure};
use clap::Args;
use export::boards;
use export::boards::{Board, Verdict};
use export::draw::File;
use export::report::{inspect, text};
use export::times;
use export::times::CoreTime;
use gen_core::Model;
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "Examples:\n  export check generator.gen\n  \
    export check generator.onnx --board pico\n  export check generator.onnx --flash 512 --ram 64")]
pub(crate) struct Check {
    /// An .onnx or .gen
    file: PathBuf,
    #[command(flatten)]
    asked: Asked,
    /// One board instead of all
    #[arg(long, conflicts_with_all = ["flash", "ram"])]
    board: Option<String>,
    /// Flash for the whole program, in KB of 1024 bytes
    #[arg(long, value_name = "KB", requires = "ram")]
    flash: Option<usize>,
    /// RAM, in KB of 1024 bytes
    #[arg(long, value_name = "KB", requires = "flash")]
    ram: Option<usize>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(&self) -> Result<()> {
        let file = File::load(&self.file)?;
        self.asked.only_for_onnx(&file)?;
        let bytes = inspect::bytes(&file, &self.asked.wishes())?;
        let model = Model::parse(&bytes)?;
        let verdicts: Vec<Verdict> = self
            .boards()?
            .iter()
            .map(|board| boards::check(&model, bytes.len(), board))
            .collect::<Result<_>>()?;
        if self.json {
            super::say(&format!("{}\n", serde_json::to_string_pretty(&verdicts)?))?;
            return Ok(());
        }
        super::say(&text::verdicts(&verdicts))?;
        if self.flash.is_some() {
            for time in times::times(&model)? {
                let CoreTime { core, clock_mhz, seconds, .. } = time;
                super::say(&format!(
                    "a picture on a Cortex-{core} of {clock_mhz} MHz: about {seconds:.3} s\n"
                ))?;
            }
        }
        Ok(())
    }

    fn boards(&self) -> Result<Vec<Board>> {
        if let (Some(flash), Some(ram)) = (self.flash, self.ram) {
            let [flash, ram] = [flash, ram].map(|kilobytes| kilobytes.saturating_mul(1024));
            let name = "this memory".to_owned();
            return Ok(vec![Board { name, core: None, flash, ram }]);
        }
        let all = boards::boards()?;
        let Some(name) = &self.board else { return Ok(all) };
        let names = all.iter().map(|board| board.name.as_str()).collect::<Vec<_>>().join(", ");
        let found: Vec<Board> = all.iter().filter(|board| board.name == *name).cloned().collect();
        ensure!(!found.is_empty(), "there is no board {name}: choose one of {names}");
        Ok(found)
    }
}
