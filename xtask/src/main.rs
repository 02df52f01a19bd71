//! The developer's commands. `cargo xtask` lists them.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};
use xtask::board::Board;
use xtask::qemu::Machine;
use xtask::size::Size;
use xtask::{firmware, oracles, step, test, tools};

/// The developer's commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check everything: style, tests, every board, the boards in QEMU
    Test,
    /// Compare with ONNX Runtime, in a Python environment of its own
    Oracles {
        /// Also run everything over the generators in this directory
        #[arg(long, value_name = "DIR")]
        generators: Option<PathBuf>,
    },
    /// Run a board in QEMU and show its log
    Qemu {
        /// The board
        #[arg(default_value = "lm3s6965evb")]
        board: String,
        /// Instead of the model in models/
        #[arg(long, value_name = "FILE.gen")]
        model: Option<PathBuf>,
        /// Show QEMU's own display. Left and right: next; up and down: mode; Ctrl: hold
        #[arg(long)]
        window: bool,
        /// Stop after so many seconds
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
    },
    /// Build the program of a board and say what it takes of its memory
    Firmware {
        /// The board
        board: String,
        /// Instead of the model in models/
        #[arg(long, value_name = "FILE.gen")]
        model: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Task::Test => test::test(),
        Task::Oracles { generators } => oracles::oracles(generators.as_deref()),
        Task::Qemu { board, model, window, seconds } => {
            let limit = seconds.map(Duration::from_secs);
            qemu(&board, model.as_deref(), window, limit)
        }
        Task::Firmware { board, model } => size(&board, model.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn build(board: &Board, model: Option<&Path>) -> Result<PathBuf> {
    tools::rustup("target", &[board.target])?;
    step::job(&format!("firmware, {}", board.name), || firmware::build(board, model))
}

fn size(board: &str, model: Option<&Path>) -> Result<()> {
    let elf = build(Board::named(board)?, model)?;
    println!("{}\n{}", elf.display(), Size::of(&elf)?);
    Ok(())
}

fn qemu(board: &str, model: Option<&Path>, window: bool, limit: Option<Duration>) -> Result<()> {
    tools::qemu(window)?;
    let board = Board::named(board)?;
    let elf = build(board, model)?;
    let mut machine = Machine::start(board, &elf, window)?;
    let end = limit.map(|limit| Instant::now() + limit);
    loop {
        // A held picture may say nothing for ever.
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        match machine.line(left) {
            // A reader who has seen enough is no error.
            Ok(Some(line)) if writeln!(stdout(), "{line}").is_err() => return Ok(()),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) if end.is_some_and(|end| Instant::now() >= end) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    let status = machine.wait()?;
    ensure!(status.success(), "the program on {} failed: {status}", board.name);
    Ok(())
}
