//! `cargo xtask test`: every check that needs only Rust and the emulators.

mod job;
mod lanes;

use std::env;
use std::process::Command;

use anyhow::{Context, Result};
use boards::{BOARDS, CORES};
use clap::{Args, ValueEnum};
use emulator::launch;
use emulator::program::Program;
use reference::REFERENCES;
use setup::workspace::cargo;
use setup::{npm, rustup};

use self::job::Job;
pub use self::job::SKIPPED;
use crate::tools;

/// Targets for which gen-core is built, from the smallest.
const TARGETS: [&str; 6] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabi",
    "riscv32imc-unknown-none-elf",
    "wasm32-unknown-unknown",
];

/// Arguments that always test the whole workspace: cargo resolves features for the chosen packages, and
/// another choice would compile tract and burn again. A crate that fails does not hide what the others do.
const TEST: [&str; 3] = ["test", "--workspace", "--no-fail-fast"];

/// Tests of the package `pocket-tests` that need an emulator.
const EMULATED: [&str; 5] = ["digest", "fault", "image", "kernels", "screen"];

/// Selects what is tested.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Options {
    /// Skip the boards: only style and the tests on this computer
    #[arg(long)]
    quick: bool,
    /// Run only one part
    #[arg(long, value_name = "PART", conflicts_with = "quick")]
    only: Option<Part>,
}

/// A part of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Formatting, and clippy for the desktop and every board
    Lint,
    /// The tests that need no emulator
    Host,
    /// Build every board's program; run the boards that can be emulated
    Boards,
}

/// Installs what is missing, then runs the selected checks.
///
/// # Errors
///
/// The jobs that fail, with their output and the commands that run them alone.
pub fn test(options: Options) -> Result<()> {
    let asked = |part: Part| options.only.is_none_or(|only| only == part);
    let (lint, host) = (asked(Part::Lint), asked(Part::Host));
    let boards = asked(Part::Boards) && !options.quick;

    if lint {
        rustup::install("component", &["rustfmt", "clippy"])?;
    }
    if boards || lint && !options.quick {
        let mut targets: Vec<&str> = TARGETS.into();
        targets.extend(BOARDS.iter().map(|board| board.core.target));
        targets.sort_unstable();
        targets.dedup();
        rustup::install("target", &targets)?;
    }
    if boards {
        BOARDS.iter().try_for_each(|board| tools::emulator(board, false))?;
    }

    // One lane per build directory of cargo: the desktop's, and that of the boards' programs.
    let [mut desk, mut other] = [Vec::new(), Vec::new()];
    if lint {
        desk.extend(lint_desk());
        if !options.quick {
            other.extend(lint_boards()?);
            desk.push(ours("public API of gen-core", &["public-api"])?);
        }
    }
    if host {
        desk.extend(test_desk()?);
    }
    if boards {
        desk.push(core_on_targets());
        desk.push(core_example());
        other.extend(test_boards()?);
    }
    lanes::run([desk, other])?;
    println!("\neverything passed");
    Ok(())
}

/// Formatting, clippy and rustdoc on everything that runs on the desktop. The feature `gpu` checks that the
/// trainer compiles for a graphics card, since none is available for tests.
fn lint_desk() -> [Job; 3] {
    // The same features for both: burn and wgpu are checked once.
    let all = ["--workspace", "--features", "pocket-tests/qemu,dcgan/gpu"];
    let clippy = [&["clippy", "--all-targets"], &all[..], &["--", "-D", "warnings"]].concat();
    let mut doc = cargo();
    doc.args(["doc", "--no-deps"]).args(all).env("RUSTDOCFLAGS", "-D warnings");
    [
        job("format", &["fmt", "--all", "--check"]),
        job("clippy, desktop", &clippy),
        Job::new("documentation", doc),
    ]
}

/// Clippy on every program for every board and core.
fn lint_boards() -> Result<Vec<Job>> {
    let mut programs: Vec<(&str, Program)> =
        BOARDS.iter().map(|board| (board.name, Program::of(board))).collect();
    for core in CORES {
        let board = emulator::bench::board(core)?;
        programs.extend(["bench", "blank"].map(|name| (core.name, Program { board, core, name })));
    }
    let jobs = programs.iter().map(|(place, program)| {
        let mut clippy = program.command("clippy", None)?;
        clippy.args(["--", "-D", "warnings"]);
        Ok(Job::new(format!("clippy, {} for {place}", program.name), clippy))
    });
    jobs.collect()
}

/// All tests that need no emulator, and the tests in JavaScript.
fn test_desk() -> Result<[Job; 3]> {
    let mut pico = npm::node();
    // Without the name of a file or directory, whose meaning depends on the version of Node.js.
    pico.arg("--test").current_dir(launch::pico());
    Ok([
        Job::new("tests of the emulated Pico's parts", pico),
        Job::new("tests of the drawn pictures", recipes::drawn::tests()?),
        job("tests without emulators", &TEST),
    ])
}

/// Builds gen-core and the table of boards, without std, for every kind of processor.
fn core_on_targets() -> Job {
    let targets = TARGETS.iter().flat_map(|target| ["--target", target]);
    let build = ["build", "--package", "gen-core", "--package", "boards", "--no-default-features"];
    job("gen-core and boards for 6 targets", &build.into_iter().chain(targets).collect::<Vec<_>>())
}

/// Builds gen-core's example for the smallest processor.
fn core_example() -> Job {
    let build = ["build", "--package", "gen-core", "--example", "draw"];
    job("gen-core's example", &[&build[..], &["--target", TARGETS[0]]].concat())
}

/// Builds every program, counts instructions, then runs the tests that need an emulator.
fn test_boards() -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    for board in &BOARDS {
        jobs.push(ours(&format!("firmware, {}", board.name), &["firmware", board.name])?);
    }
    // Fast enough to be checked in every test.
    let models = ["--model", "faces", "--model", REFERENCES[0].name];
    jobs.push(ours("bench, two models", &[&["bench", "--check"], &models[..]].concat())?);
    let tests = EMULATED.iter().flat_map(|name| ["--test", name]);
    let arguments = TEST.into_iter().chain(["--features", "pocket-tests/qemu"]).chain(tests);
    jobs.push(job("tests in emulators", &arguments.collect::<Vec<_>>()));
    Ok(jobs)
}

/// A job that runs cargo.
fn job(name: &str, arguments: &[&str]) -> Job {
    let mut cargo = cargo();
    cargo.args(arguments);
    Job::new(name, cargo)
}

/// A job that runs this program.
fn ours(name: &str, arguments: &[&str]) -> Result<Job> {
    let mut command = Command::new(env::current_exe().context("cannot find the path of xtask")?);
    command.args(arguments);
    Ok(Job::new(name, command))
}
