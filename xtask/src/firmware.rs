//! Building a program for a board.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::board::Board;
use crate::workspace;

/// Builds the board's program around a model, by default the one in `models/`, and gives the ELF
/// file: one per board and model, so that several can be in use at once.
///
/// # Errors
///
/// If the model cannot be read or the build fails; cargo's own words are part of the error.
pub fn build(board: &Board, model: Option<&Path>) -> Result<PathBuf> {
    let target = workspace::target_directory()?;
    let images = target.join("images");
    fs::create_dir_all(&images).with_context(|| format!("cannot create {}", images.display()))?;
    // Builds with different models replace each other's output: one at a time, until copied.
    let lock = File::create(images.join("lock"))?;
    lock.lock()?;

    let mut cargo = command(board, "build", model)?;
    let output = cargo.output().context("cannot run cargo")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    // What build.rs has to say is one sentence, for example about the model.
    let sentence = complaint.lines().find_map(|line| line.strip_prefix("error: firmware@"));
    if let Some((_, sentence)) = sentence.and_then(|line| line.split_once(": ")) {
        bail!("{sentence}");
    }
    ensure!(output.status.success(), "the build failed\n{complaint}");

    let built = target.join(board.target).join("firmware").join(board.program);
    let stem = model.and_then(Path::file_stem).map(|stem| stem.to_string_lossy());
    let name = format!("{}-{}.elf", board.name, stem.as_deref().unwrap_or("built-in"));
    let image = images.join(&name);
    let beside = images.join(name + ".new");
    fs::copy(&built, &beside).with_context(|| format!("cannot copy {}", built.display()))?;
    fs::rename(&beside, &image)?;
    Ok(image)
}

/// Cargo with all that the board's program needs; `verb` is `build`, `clippy`, ….
///
/// # Errors
///
/// If the model does not exist.
pub fn command(board: &Board, verb: &str, model: Option<&Path>) -> Result<Command> {
    let mut cargo = workspace::cargo();
    cargo.args([verb, "--package", "firmware", "--profile", "firmware"]);
    cargo.args(["--bin", board.program, "--features", board.name, "--target", board.target]);
    if let Some(model) = model {
        let path = model.canonicalize().with_context(|| format!("{}", model.display()))?;
        cargo.env("GEN_MODEL", path);
    }
    Ok(cargo)
}
