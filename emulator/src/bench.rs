//! Runs the program that counts instructions on an emulated core, with a model that the emulator puts into
//! PSRAM.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boards::{BOARDS, Board, Core};
use object::{Object, ObjectSymbol};
use setup::workspace;

use crate::image::Image;
use crate::launch::Options;
use crate::log::Line;
use crate::machine::Machine;
use crate::program::Program;

/// Time allowed for a line of the log: enough for the largest picture on the slowest core.
const PATIENCE: Duration = Duration::from_secs(600);

/// The board on which the bench runs a core's code.
///
/// # Errors
///
/// If no board measures the core.
pub fn board(core: Core) -> Result<&'static Board> {
    let board = BOARDS.iter().find(|board| board.measures.contains(&core));
    board.with_context(|| format!("no board measures {}", core.name))
}

/// Builds a program of the bench for a core: `bench`, or `blank`, which does the same without drawing.
///
/// # Errors
///
/// If the build fails.
pub fn build(core: Core, name: &'static str) -> Result<Image> {
    let place = workspace::target_directory()?.join("bench").join(core.name).join(name);
    Program { board: board(core)?, core, name }.build(&place, None)
}

/// Runs the program `bench` of a core with a model. Returns its log: a line per layer, then a line for the
/// whole picture.
///
/// # Errors
///
/// If the memory map does not define `_psram`, or the emulator or the program fails.
pub fn run(core: Core, bench: &Image, model: &Path) -> Result<Vec<Line>> {
    let elf = fs::read(&bench.elf)?;
    let file = object::File::parse(&*elf)?;
    let psram = file.symbol_by_name("_psram").context("the memory map has no _psram")?.address();
    // QEMU requires a comma in a file name to be doubled.
    let model = model.display().to_string().replace(',', ",,");
    let loader = format!("loader,file={model},addr={psram:#x},force-raw=on");
    // The board's time advances by 1 ns per instruction.
    let arguments = ["-icount", "shift=0", "-device", &loader];
    let options = Options { arguments: &arguments, ..Options::default() };
    let mut machine = Machine::start(board(core)?, bench, options)?;
    let mut log = Vec::new();
    while let Some(line) = machine.line(PATIENCE)? {
        log.push(line);
    }
    let status = machine.wait()?;
    ensure!(status.success(), "{status}: {}{}", machine.stderr(), one_line(&log));
    Ok(log)
}

/// Joins a log into one line, for an error message.
pub fn one_line(log: &[Line]) -> String {
    log.iter().map(Line::to_string).collect::<Vec<_>>().join("; ")
}
