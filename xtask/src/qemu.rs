//! `cargo xtask qemu`: runs a board in its emulator.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use boards::Board;
use clap::Args;
use emulator::launch;
use emulator::machine::Machine;

use crate::tools;

/// Time allowed for a picture.
const FRAME: Duration = Duration::from_secs(60);

/// What runs, for how long, and what is shown.
#[derive(Args)]
pub struct Options {
    /// The board
    #[arg(default_value = "lm3s6965evb", value_parser = crate::board(|_| true))]
    board: &'static Board,
    /// A name in models/ or a .gen file [default: faces]
    #[arg(long, value_name = "NAME|FILE.gen", value_parser = emulator::model::find)]
    model: Option<PathBuf>,
    /// Show QEMU's own display. Left and right: next; up and down: mode; Ctrl: hold
    #[arg(long)]
    window: bool,
    /// Stop after this many seconds of real time; the board's own clock may differ
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// At the end, write the screen's picture
    #[arg(long, value_name = "FILE.png", requires = "seconds")]
    picture: Option<PathBuf>,
}

/// Builds the board's program, runs it and prints its log, until it ends or the time is over; then writes the
/// screen's picture.
///
/// # Errors
///
/// If the board has no emulator that supports this, the build fails, or the program fails.
pub fn qemu(options: &Options) -> Result<()> {
    let Options { board, window, .. } = *options;
    let launch = launch::Options { window, ..launch::Options::default() };
    launch::check(board, launch)?;
    tools::emulator(board, window)?;
    let image = crate::build(board, options.model.as_deref())?;
    let mut machine = Machine::start(board, &image, launch)?;
    let end = options.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    loop {
        // A held picture may never log anything again.
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        match machine.line(left) {
            // A closed pipe is not an error.
            Ok(Some(line)) if writeln!(stdout(), "{line}").is_err() => return Ok(()),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) if end.is_some_and(|end| Instant::now() >= end) => {
                let picture = options.picture.as_ref();
                return picture.map_or(Ok(()), |path| photograph(&mut machine, path));
            }
            Err(error) => return Err(error),
        }
    }
    let status = machine.wait()?;
    let why = machine.stderr();
    ensure!(status.success(), "the program on {} failed, {status}: {why}", board.name);
    Ok(())
}

/// Writes the screen's picture as soon as the board halts at a whole frame.
fn photograph(machine: &mut Machine, path: &Path) -> Result<()> {
    loop {
        let line = machine.line(FRAME)?.context("the board ended before a whole frame")?;
        writeln!(stdout(), "{line}").ok();
        if line.is("Shown") {
            machine.stop()?;
            // The next frame may have begun before the halt.
            let since = machine.drain()?;
            let mut frames = since.iter().rev().filter(|it| it.is("Drawing") || it.is("Shown"));
            if frames.next().is_none_or(|it| it.is("Shown")) {
                return machine.screendump()?.save_png(path);
            }
            machine.cont()?;
        }
    }
}
