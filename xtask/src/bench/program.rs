//! The program that measures, on one core.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSymbol};

use super::core::Core;
use super::record::{Layer, Record, Whole};
use crate::board::Board;
use crate::emulator::Options;
use crate::image::Image;
use crate::log::Line;
use crate::machine::Machine;
use crate::size::Size;
use crate::{firmware, workspace};

/// The largest picture on the smallest core, with much to spare.
const PATIENCE: Duration = Duration::from_secs(600);

/// Tells QEMU that an instruction takes 1 ns of the board's time, however long it takes.
pub(crate) const ONE_EACH: [&str; 2] = ["-icount", "shift=0"];

/// The program, built.
pub struct Program {
    core: Core,
    board: Board,
    image: Image,
    /// Where the model is to be.
    psram: u64,
    /// Flash of gen-core's functions, latents aside.
    engine: u64,
    /// What the program has more of flash than one that is the same but for model and picture: besides,
    /// constants, what is in line elsewhere, and what is needed of other crates.
    code: u64,
}

impl Program {
    /// Builds both programs.
    ///
    /// # Errors
    ///
    /// If a build fails.
    pub fn build(core: Core) -> Result<Self> {
        let [image, blank] = ["bench", "blank"].map(|program| {
            let board = core.board(program);
            let place = workspace::target_directory()?.join("bench").join(core.name).join(program);
            let _lock = firmware::lock()?;
            Image::write(&place, &board, &firmware::compile(&board, None)?)
        });
        let image = image?;
        let elf = fs::read(&image.elf)?;
        let file = object::File::parse(&*elf)?;
        let psram = file.symbol_by_name("_psram").context("the memory map has no _psram")?;
        let code = Size::of(&image.elf)?.flash - Size::of(&blank?.elf)?.flash;
        let own = |name: &str| name.contains("8gen_core") && !name.contains("6latent");
        let functions = file.symbols().filter(|symbol| symbol.name().is_ok_and(own));
        let engine = functions.map(|symbol| symbol.size()).sum();
        Ok(Self { core, board: core.board("bench"), psram: psram.address(), engine, code, image })
    }

    /// Runs the program with a model, and gives what it cost.
    ///
    /// # Errors
    ///
    /// If the emulator or the program fails, or says something else than was asked.
    pub fn measure(&self, name: &str, model: &Path) -> Result<Vec<Record>> {
        let log = self.run(model)?;
        let file = fs::metadata(model)?.len();
        let records = self.records(name, &log, file);
        let records = records.with_context(|| format!("the program said: {}", said(&log)))?;
        plausible(&records)?;
        Ok(records)
    }

    /// Runs the program with a model, and gives the CRC-32 of the picture of seed 1.
    ///
    /// # Errors
    ///
    /// If the emulator or the program fails, or says something else than was asked.
    pub fn picture(&self, model: &Path) -> Result<u32> {
        let log = self.run(model)?;
        let crc = log.last().and_then(|line| line.field("crc"));
        let crc = crc.and_then(|crc| u32::from_str_radix(crc, 16).ok());
        crc.with_context(|| format!("the program said: {}", said(&log)))
    }

    fn run(&self, model: &Path) -> Result<Vec<Line>> {
        let arguments = [
            ONE_EACH[0].into(),
            ONE_EACH[1].into(),
            "-device".into(),
            // A comma in the name is written twice.
            format!(
                "loader,file={},addr={:#x},force-raw=on",
                model.display().to_string().replace(',', ",,"),
                self.psram
            ),
        ];
        let options = Options { arguments: &arguments, ..Options::default() };
        let mut machine = Machine::start(&self.board, &self.image, options)?;
        let mut log = Vec::new();
        while let Some(line) = machine.line(PATIENCE)? {
            log.push(line);
        }
        let status = machine.wait()?;
        ensure!(status.success(), "{status}: {}{}", machine.complaints(), said(&log));
        Ok(log)
    }

    /// What the log says: a line for each layer, then one for all.
    fn records(&self, model: &str, log: &[Line], file: u64) -> Option<Vec<Record>> {
        let record = |layer, instructions, useful_macs, whole| Record {
            core: self.core.name.into(),
            model: model.into(),
            layer,
            instructions,
            useful_macs,
            whole,
        };
        let (picture, layers) = log.split_last()?;
        let mut records = Vec::new();
        for (index, line) in layers.iter().enumerate() {
            let (instructions, macs) = (line.number("instructions")?, line.number("useful_macs")?);
            records.push(record(Layer::Index(index), instructions, macs, None));
        }
        let whole = Whole {
            picture: picture.field("crc")?.into(),
            working_memory: picture.number("working_memory")?,
            stack: picture.number("stack")?,
            engine: self.engine,
            code: self.code,
            file,
        };
        let macs = records.iter().map(|record| record.useful_macs).sum();
        records.push(record(Layer::ALL, picture.number("instructions")?, macs, Some(whole)));
        Some(records)
    }
}

fn said(log: &[Line]) -> String {
    log.iter().map(Line::to_string).collect::<Vec<_>>().join("; ")
}

/// Whether the layers and, drawn once more, all of them take as long: a part that is longer than the
/// clock can count would be missing from one of the two.
fn plausible(records: &[Record]) -> Result<()> {
    let sum = |all: bool| {
        let chosen = records.iter().filter(|record| (record.layer == Layer::ALL) == all);
        chosen.map(|record| record.instructions).sum::<u64>()
    };
    let (layers, all) = (sum(false), sum(true));
    let near = layers.abs_diff(all) * 100 <= all;
    ensure!(near, "{layers} instructions in layers, {all} in all: did the clock wrap?");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::network;
    use super::plausible;

    #[test]
    fn a_clock_that_wrapped_is_noticed() {
        let mut records = network("M3", "faces", 1000);
        plausible(&records).unwrap();
        records[1].instructions = 1012;
        assert!(plausible(&records).is_err());
    }
}
