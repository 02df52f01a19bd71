//! `cargo xtask qemu`: runs a board in its emulator.

use std::io::{Write, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use boards::Board;
use emulator::launch::{self, Options};
use emulator::machine::Machine;

use crate::tools;

/// Time allowed for a picture.
const FRAME: Duration = Duration::from_secs(60);

/// Builds the board's program, runs it and prints its log, until it ends or `limit` has passed; then writes
/// the screen's picture to `picture`.
///
/// # Errors
///
/// If the board has no emulator that supports this, the build fails, or the program fails.
pub fn qemu(
    board: &'static Board,
    model: Option<&Path>,
    window: bool,
    limit: Option<Duration>,
    picture: Option<&Path>,
) -> Result<()> {
    let options = Options { window, ..Options::default() };
    launch::check(board, options)?;
    tools::emulator(board, window)?;
    let image = crate::build(board, model)?;
    let mut machine = Machine::start(board, &image, options)?;
    let end = limit.map(|limit| Instant::now() + limit);
    loop {
        // A held picture may never log anything again.
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        match machine.line(left) {
            // A closed pipe is not an error.
            Ok(Some(line)) if writeln!(stdout(), "{line}").is_err() => return Ok(()),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) if end.is_some_and(|end| Instant::now() >= end) => {
                return picture.map_or(Ok(()), |path| photograph(&mut machine, path));
            }
            Err(error) => return Err(error),
        }
    }
    let status = machine.wait()?;
    let why = machine.complaints();
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
