//! The developer's commands. `cargo xtask` lists them.

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use setup::{rustup, step};
use xtask::board::{BOARDS, Board};
use xtask::emulator::{self, Options};
use xtask::flash::{self, Ways};
use xtask::image::Image;
use xtask::machine::Machine;
use xtask::model::{self, Shipped};
use xtask::{bench, bench_trainer, firmware, oracles, study, test, tools};

/// The slowest picture that is waited for.
const FRAME: Duration = Duration::from_secs(60);

/// The developer's commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check everything: style, tests, every board, the boards that can be emulated
    Test(test::Options),
    /// Compare with ONNX Runtime and tract, in a Python environment of its own
    Oracles {
        /// Also run everything over the generators in this directory
        #[arg(long, value_name = "DIR")]
        generators: Option<PathBuf>,
        /// So many pictures of each, instead of 64 of generators and 8 of layouts
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
        latents: Option<u32>,
        /// Instead, time pictures beside tract's and ONNX Runtime's
        #[arg(long, conflicts_with_all = ["generators", "latents"])]
        speed: bool,
    },
    /// Count instructions, memory and flash of models on emulated cores
    Bench(bench::Options),
    /// Count instructions of a loop for weights in an order made for Arm's vectors: docs/studies.md
    StudyVectors,
    /// Time the trainer's steps beside PyTorch's, in a Python environment of its own
    BenchTrainer,
    /// Train and quantise a shipped model again, into models/
    Model {
        /// The model
        model: Shipped,
    },
    /// Run a board in its emulator and show its log: QEMU, or rp2040js for pico
    Qemu {
        /// The board
        #[arg(default_value = "lm3s6965evb", value_parser = board())]
        board: &'static Board,
        /// A model of models/, or a file, instead of faces
        #[arg(long, value_name = "NAME|FILE.gen", value_parser = firmware::model)]
        model: Option<PathBuf>,
        /// Show QEMU's own display. Left and right: next; up and down: mode; Ctrl: hold
        #[arg(long)]
        window: bool,
        /// Stop after so many seconds of yours: the board's own may be more or fewer
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
        /// Then write what the screen shows
        #[arg(long, value_name = "FILE.png", requires = "seconds")]
        picture: Option<PathBuf>,
    },
    /// Build the program of a board, and say what it takes of its memory: ELF, UF2, size.txt
    Firmware {
        /// The board
        #[arg(value_parser = board())]
        board: &'static Board,
        /// A model of models/, or a file, instead of faces
        #[arg(long, value_name = "NAME|FILE.gen", value_parser = firmware::model)]
        model: Option<PathBuf>,
    },
    /// Build the program of a board and bring it there, by debug probe or boot drive
    Flash {
        /// The board
        #[arg(value_parser = board())]
        board: &'static Board,
        /// A model of models/, or a file, instead of faces
        #[arg(long, value_name = "NAME|FILE.gen", value_parser = firmware::model)]
        model: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Task::Test(options) => test::test(options),
        Task::Oracles { speed: true, .. } => oracles::speed(),
        Task::Oracles { generators, latents, .. } => {
            oracles::oracles(generators.as_deref(), latents)
        }
        Task::Bench(options) => bench::bench(&options),
        Task::StudyVectors => study::vectors(),
        Task::BenchTrainer => bench_trainer::bench_trainer(),
        Task::Model { model } => model::model(model),
        Task::Qemu { board, model, window, seconds, picture } => {
            let limit = seconds.map(Duration::from_secs);
            qemu(board, model.as_deref(), window, limit, picture.as_deref())
        }
        Task::Firmware { board, model } => image(board, model.as_deref()),
        Task::Flash { board, model } => bring(board, model.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Takes a board by its name.
fn board() -> impl TypedValueParser<Value = &'static Board> {
    PossibleValuesParser::new(BOARDS.iter().map(|board| board.name))
        .try_map(|name| Board::named(&name))
}

fn build(board: &Board, model: Option<&Path>) -> Result<Image> {
    rustup::targets(&[board.target])?;
    println!("the model fits {}: {}", board.name, firmware::fit(board, model)?);
    step::job(&format!("firmware, {}", board.name), || firmware::build(board, model))
}

fn image(board: &Board, model: Option<&Path>) -> Result<()> {
    let image = build(board, model)?;
    for file in [Some(&image.elf), image.uf2.as_ref()].into_iter().flatten() {
        println!("{}", file.display());
    }
    print!("{}", fs::read_to_string(image.elf.with_file_name(firmware::SIZE))?);
    Ok(())
}

fn bring(board: &Board, model: Option<&Path>) -> Result<()> {
    // Said before minutes are spent on a build.
    flash::chip(board)?;
    let image = build(board, model)?;
    println!("{}", flash::flash(board, &image, &Ways::default())?);
    Ok(())
}

fn qemu(
    board: &Board,
    model: Option<&Path>,
    window: bool,
    limit: Option<Duration>,
    picture: Option<&Path>,
) -> Result<()> {
    let options = Options { window, ..Options::default() };
    emulator::check(board, options)?;
    tools::emulator(board, window)?;
    let image = build(board, model)?;
    let mut machine = Machine::start(board, &image, options)?;
    let end = limit.map(|limit| Instant::now() + limit);
    loop {
        // A held picture may say nothing for ever.
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        match machine.line(left) {
            // A reader who has seen enough is no error.
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

/// Writes what the screen shows as soon as that is a whole frame.
fn photograph(machine: &mut Machine, path: &Path) -> Result<()> {
    loop {
        let line = machine.line(FRAME)?.context("the board ended before a whole frame")?;
        writeln!(stdout(), "{line}").ok();
        if line.is("Shown") {
            machine.stop()?;
            return machine.screendump()?.save_png(path);
        }
    }
}
