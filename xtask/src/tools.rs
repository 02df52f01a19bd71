//! Installs the emulators of the boards if they are missing.

use std::process::Command;

use anyhow::Result;
use boards::{Board, Emulator};
use emulator::launch::{self, WINDOW};
use setup::{debian, npm, step};

/// Installs the emulator of a board, if it has one and it is missing. With `window`, also what QEMU needs to
/// open a window.
///
/// # Errors
///
/// If it cannot be installed.
pub fn emulator(board: &Board, window: bool) -> Result<()> {
    match board.emulator {
        Some(Emulator::Qemu) => qemu(launch::qemu(board.core), window),
        // In the version of the lock file.
        Some(Emulator::Rp2040js) => {
            npm::install_from(&launch::pico(), "rp2040js", &launch::rp2040js()?)
        }
        None => Ok(()),
    }
}

/// Installs a program of QEMU if it is missing. With `window`, also what it needs to open one.
fn qemu(program: &str, window: bool) -> Result<()> {
    if !step::runs(Command::new(program).arg("--version")) {
        // On Debian and Ubuntu a package with the program's name exists, or another package provides it.
        debian::install(&[program], &format!("{program} is not installed"))?;
    }
    if !window {
        return Ok(());
    }
    let displays = Command::new(program).args(["-display", "help"]).output()?.stdout;
    if String::from_utf8_lossy(&displays).lines().any(|display| display == WINDOW) {
        return Ok(());
    }
    debian::install(&["qemu-system-gui"], &format!("{program} can open no window"))
}
