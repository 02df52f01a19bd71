//! Builds and runs the measuring program on one core, and determines the flash of its code.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use boards::Core;
use boards::record::{Layer, Record, Whole};
use emulator::bench::{self, one_line};
use emulator::image::Image;
use emulator::log::Line;
use emulator::size::Size;
use object::{Object, ObjectSymbol};

/// The measuring program for one core, built.
pub struct MeasuringProgram {
    core: Core,
    bench: Image,
    /// Flash in bytes of gen-core's functions, except those for latents.
    engine: u64,
    /// Flash in bytes by which the program exceeds `blank`, which does the same without model and picture.
    /// Beyond `engine`, this includes constants, inlined code, and code of other crates.
    code: u64,
}

impl MeasuringProgram {
    /// Builds the program and `blank`.
    ///
    /// # Errors
    ///
    /// If a build fails.
    pub fn build(core: Core) -> Result<Self> {
        let (bench, blank) = (bench::build(core, "bench")?, bench::build(core, "blank")?);
        let code = Size::of(&bench.elf)?.flash - Size::of(&blank.elf)?.flash;
        let elf = fs::read(&bench.elf)?;
        let file = object::File::parse(&*elf)?;
        let own = |name: &str| name.contains("8gen_core") && !name.contains("6latent");
        let functions = file.symbols().filter(|symbol| symbol.name().is_ok_and(own));
        let engine = functions.map(|symbol| symbol.size()).sum();
        Ok(Self { core, bench, engine, code })
    }

    /// Runs the program with a model. Returns a record per layer, then one for the whole network.
    ///
    /// # Errors
    ///
    /// If the emulator or the program fails, or the log is not as expected.
    pub fn measure(&self, name: &str, model: &Path) -> Result<Vec<Record>> {
        let log = bench::run(self.core, &self.bench, model)?;
        let file = fs::metadata(model)?.len();
        let records = self.records(name, &log, file);
        let records = records.with_context(|| format!("the program said: {}", one_line(&log)))?;
        plausible(&records)?;
        Ok(records)
    }

    /// Parses the log: a line per layer, then a line for the whole network.
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

/// Checks that the sum over layers is about equal to the whole, which is drawn a second time. A period longer
/// than the clock's range would be missing from one of the two.
fn plausible(records: &[Record]) -> Result<()> {
    let (whole, layers) = records.split_last().context("no records")?;
    let layers: u64 = layers.iter().map(|layer| layer.instructions).sum();
    let all = whole.instructions;
    let near = layers.abs_diff(all) * 100 <= all;
    ensure!(near, "{layers} instructions in layers, {all} in all: did the clock wrap?");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::network::network;
    use super::plausible;

    #[test]
    fn a_clock_that_wrapped_is_noticed() {
        let mut records = network("M3", "faces", 1000);
        plausible(&records).unwrap();
        records[1].instructions = 1012;
        assert!(plausible(&records).is_err());
    }
}
