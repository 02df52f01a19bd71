//! `cargo xtask test`: everything that Rust and the emulators alone can check.

use std::process::Command;

use anyhow::Result;

use crate::bench::core::CORES;
use crate::board::BOARDS;
use crate::data::faces;
use crate::workspace::cargo;
use crate::{bench, emulator, firmware, public_api, step, study, tools, workspace};

/// Processors that gen-core is built for, from the smallest.
const TARGETS: [&str; 6] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabi",
    "riscv32imc-unknown-none-elf",
    "wasm32-unknown-unknown",
];

/// Installs what is missing, then checks everything.
///
/// # Errors
///
/// The first step that fails, with what it printed.
pub fn test() -> Result<()> {
    tools::rustup("component", &["rustfmt", "clippy"])?;
    let mut targets: Vec<&str> = TARGETS.into();
    targets.extend(BOARDS.iter().map(|board| board.target));
    targets.sort_unstable();
    targets.dedup();
    tools::rustup("target", &targets)?;
    BOARDS.iter().try_for_each(|board| tools::emulator(board, false))?;

    cargo_step("format", &["fmt", "--all", "--check"])?;
    let all = ["--workspace", "--all-targets", "--features", "pocket-tests/qemu"];
    cargo_step("clippy, desktop", &[&["clippy"], &all[..], &["--", "-D", "warnings"]].concat())?;
    for board in &BOARDS {
        let mut clippy = firmware::command(board, "clippy", None)?;
        clippy.args(["--", "-D", "warnings"]);
        step::run(&format!("clippy, {}", board.name), &mut clippy)?;
    }
    let programs = CORES.iter().flat_map(|core| ["bench", "blank"].map(|name| core.board(name)));
    for board in programs.chain([study::VECTORS]) {
        let mut clippy = firmware::command(&board, "clippy", None)?;
        clippy.args(["--", "-D", "warnings"]);
        step::run(&format!("clippy, {} for {}", board.program, board.target), &mut clippy)?;
    }
    for target in TARGETS {
        let build = ["build", "--package", "gen-core", "--no-default-features", "--target", target];
        cargo_step(&format!("gen-core, {target}"), &build)?;
    }
    let examples =
        ["build", "--package", "gen-core", "--example", "draw", "--target", "thumbv6m-none-eabi"];
    cargo_step("gen-core's example, thumbv6m-none-eabi", &examples)?;
    public_api::compare()?;
    for board in &BOARDS {
        step::job(&format!("firmware, {}", board.name), || firmware::build(board, None))?;
    }
    bench::bench(&bench::subset())?;
    study::vectors()?;
    // No machine of ours has a graphics card: this only says that it compiles.
    let gpu = ["check", "--package", "dcgan", "--features", "gpu"];
    cargo_step("trainer, graphics card", &gpu)?;
    let mut node = emulator::node();
    // Not a file or directory: what that means depends on the version.
    node.arg("--test").current_dir(workspace::root().join("xtask/pico"));
    step::run("tests of the emulated Pico", &mut node)?;
    faces::test()?;
    // All in one: with other packages or features chosen, cargo would build tract once more.
    cargo_step("tests", &["test", "--workspace", "--features", "pocket-tests/qemu"])?;
    println!("\neverything passed");
    Ok(())
}

fn cargo_step(name: &str, arguments: &[&str]) -> Result<()> {
    let mut cargo: Command = cargo();
    step::run(name, cargo.args(arguments))
}
