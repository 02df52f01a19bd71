//! `cargo xtask qemu`: runs a board in its emulator.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use boards::Board;
use clap::Args;
use emulator::launch;
use emulator::machine::{Machine, Silence};

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
/// If the board has no emulator that supports this, or no screen for `picture`; if the build or the program
/// fails, or the program ends before the picture is written.
pub fn qemu(options: &Options) -> Result<()> {
    let Options { board, window, .. } = *options;
    let launch = launch::Options { window, ..launch::Options::default() };
    launch::check(board, launch)?;
    let can_show = board.screen.is_some() || options.picture.is_none();
    ensure!(can_show, "{} has no screen: leave out --picture", board.name);
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
            Err(error) if error.is::<Silence>() => {
                let picture = options.picture.as_ref();
                return picture.map_or(Ok(()), |path| photograph(&mut machine, path));
            }
            Err(error) => return Err(error),
        }
    }
    let status = machine.wait()?;
    let why = machine.stderr();
    ensure!(status.success(), "the program on {} failed, {status}: {why}", board.name);
    ensure!(options.picture.is_none(), "{} ended early: its screen has no picture", board.name);
    Ok(())
}

/// Writes the screen's picture as soon as the board halts at a whole frame.
fn photograph(machine: &mut Machine, path: &Path) -> Result<()> {
    while machine.stop_at_frame()?.is_none() {
        machine.cont()?;
        let line = machine.line(FRAME)?.context("the board ended before a whole frame")?;
        writeln!(stdout(), "{line}").ok();
    }
    machine.screendump()?.save_png(path)
}

#[cfg(test)]
mod tests {
    use boards::Board;

    use super::{Options, qemu};

    #[test]
    fn a_board_without_a_screen_has_no_picture() {
        let board = Board::named("virt").unwrap();
        let picture = Some("screen.png".into());
        let options = Options { board, model: None, window: false, seconds: Some(1), picture };
        let error = qemu(&options).unwrap_err().to_string();
        assert_eq!(error, "virt has no screen: leave out --picture");
    }
}
