//! The developer's commands. `cargo xtask` lists them.

mod bench;
mod comparison;
mod flash;
mod model;
mod public_api;
mod qemu;
mod same_bytes;
mod test;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use boards::{BOARDS, Board};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use emulator::image::{Image, SIZE};
use emulator::program;
use setup::{rustup, step};

use crate::flash::Ways;
use crate::model::Shipped;

/// The developer's commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check everything: style, tests, every board's build, and the boards that can be emulated
    Test(test::Options),
    /// Compare with ONNX Runtime and tract, in a Python environment of its own
    Oracles(comparison::Options),
    /// Compare the exporter's files on x86-64, x86-64 without AVX and FMA, 64-bit Arm and WebAssembly
    SameBytes(same_bytes::Options),
    /// Count instructions, memory and flash of models on emulated cores
    Bench(bench::Options),
    /// Compare the trainer's speed with PyTorch's, in a Python environment of its own
    BenchTrainer,
    /// Compare gen-core's public API with its listing
    PublicApi {
        /// Write the listing instead
        #[arg(long)]
        accept: bool,
    },
    /// Train and quantise a shipped model again and put it into models/
    Model {
        /// The model
        model: Shipped,
    },
    /// Run a board in its emulator and show its log: QEMU, or rp2040js for pico
    Qemu(qemu::Options),
    /// Build a board's program and print the memory it takes; writes ELF, UF2 and size.txt
    Firmware {
        /// The board
        #[arg(value_parser = board(|_| true))]
        board: &'static Board,
        /// A name in models/ or a .gen file [default: faces]
        #[arg(long, value_name = "NAME|FILE.gen", value_parser = emulator::model::find)]
        model: Option<PathBuf>,
    },
    /// Build a board's program and write it to the board, to its boot drive or by debug probe
    Flash {
        /// The board
        #[arg(value_parser = board(Board::can_be_flashed))]
        board: &'static Board,
        /// A name in models/ or a .gen file [default: faces]
        #[arg(long, value_name = "NAME|FILE.gen", value_parser = emulator::model::find)]
        model: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Task::Test(options) => test::test(options),
        Task::Oracles(options) => comparison::oracles(&options),
        Task::SameBytes(options) => same_bytes::same_bytes(&options),
        Task::Bench(options) => bench::bench(&options),
        Task::BenchTrainer => comparison::trainer(),
        Task::PublicApi { accept } => public_api::public_api(accept),
        Task::Model { model } => model::model(model),
        Task::Qemu(options) => qemu::qemu(&options),
        Task::Firmware { board, model } => build_and_list(board, model.as_deref()),
        Task::Flash { board, model } => flash_board(board, model.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Parses a board's name. `offered`: whether `--help` lists a board.
fn board(offered: fn(&Board) -> bool) -> impl TypedValueParser<Value = &'static Board> {
    let names = BOARDS.iter().map(|it| PossibleValue::new(it.name).hide(!offered(it)));
    PossibleValuesParser::new(names).try_map(|name| Board::named(&name).ok_or("no such board"))
}

fn build(board: &'static Board, model: Option<&Path>) -> Result<Image> {
    rustup::install("target", &[board.core.target])?;
    println!("the model fits {}: {}", board.name, emulator::model::fit(board, model)?);
    step::job(&format!("firmware, {}", board.name), || program::image(board, model))
}

fn build_and_list(board: &'static Board, model: Option<&Path>) -> Result<()> {
    let image = build(board, model)?;
    for file in [Some(&image.elf), image.uf2.as_ref()].into_iter().flatten() {
        println!("{}", file.display());
    }
    print!("{}", fs::read_to_string(image.elf.with_file_name(SIZE))?);
    Ok(())
}

fn flash_board(board: &'static Board, model: Option<&Path>) -> Result<()> {
    // Checked before the build, which takes minutes.
    flash::chip(board)?;
    let image = build(board, model)?;
    println!("{}", flash::flash(board, &image, &Ways::default())?);
    Ok(())
}
