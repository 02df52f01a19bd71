//! Builds a program of the firmware for a board.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use boards::{Board, Core};
use output::file;
use setup::workspace;

use crate::image::{Image, SIZE};
use crate::model;
use crate::size::Size;

/// A program for a board.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The board.
    pub board: &'static Board,
    /// The core whose code is built: the board's own, or one whose code the board's core also runs.
    pub core: Core,
    /// Name of the binary in the package `firmware`.
    pub name: &'static str,
}

impl Program {
    /// The program that is built for a board by default.
    pub fn of(board: &'static Board) -> Self {
        Self { board, core: board.core, name: board.program() }
    }

    /// A cargo command with all settings that the program needs; `verb`: `build`, `clippy`, …. Environment
    /// variables of the shell that would change the build are removed.
    ///
    /// # Errors
    ///
    /// If the model does not exist.
    pub fn command(&self, verb: &str, model: Option<&Path>) -> Result<Command> {
        let Self { board, core, name } = self;
        let mut cargo = workspace::cargo();
        cargo.args([verb, "--package", "firmware", "--profile", "firmware"]);
        cargo.args(["--bin", name, "--features", board.name, "--target", core.target]);
        for variable in ["GEN_MODEL", "DEFMT_LOG"] {
            cargo.env_remove(variable);
        }
        if let Some(cpu) = core.cpu {
            // cargo adds these flags to those of `.cargo/config.toml`; of two `target-cpu` flags the last one
            // counts.
            let variable = format!("CARGO_TARGET_{}_RUSTFLAGS", core.target.to_uppercase());
            cargo.env(variable.replace(['-', '.'], "_"), format!("-Ctarget-cpu={cpu}"));
        }
        if let Some(model) = model {
            let path = model.canonicalize().with_context(|| format!("{}", model.display()))?;
            cargo.env("GEN_MODEL", path);
        }
        Ok(cargo)
    }

    /// Builds the program around a model (by default `models/faces.gen`) and writes its image into
    /// `directory`.
    ///
    /// # Errors
    ///
    /// If the build fails, with cargo's output, or the image cannot be written.
    pub fn build(&self, directory: &Path, model: Option<&Path>) -> Result<Image> {
        let _lock = lock()?;
        let mut cargo = self.command("build", model)?;
        let output = cargo.output().context("cannot run cargo")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        // An error of build.rs is one sentence, for example about the board, and replaces cargo's output.
        let sentence = stderr.lines().find_map(|line| line.strip_prefix("error: firmware@"));
        if let Some((_, sentence)) = sentence.and_then(|line| line.split_once(": ")) {
            bail!("{sentence}");
        }
        ensure!(output.status.success(), "the build failed\n{stderr}");

        let target = workspace::target_directory()?.join(self.core.target);
        let built = target.join("firmware").join(self.name);
        let elf = fs::read(&built).with_context(|| format!("{}", built.display()))?;
        Image::write(directory, self.board, &elf)
    }
}

/// Builds the default program of a board around a model (by default `models/faces.gen`) and writes its image
/// and [`SIZE`] into a directory per board and model, so that several images can exist at once.
///
/// # Errors
///
/// If the model cannot be read or does not fit, or the build fails; then the error contains cargo's output.
pub fn image(board: &'static Board, model: Option<&Path>) -> Result<Image> {
    let fit = model::fit(board, model)?;
    let directory = images()?.join(name(board, model)?);
    let image = Program::of(board).build(&directory, model)?;
    let table = Size::of(&image.elf)?.table(fit.ram as u64);
    file::replace(&directory.join(SIZE), table.as_bytes())?;
    Ok(image)
}

/// Directory name for the image of a board with a model. It contains a hash of the model, since different
/// models may share a name.
fn name(board: &Board, model: Option<&Path>) -> Result<PathBuf> {
    let Some(path) = model else { return Ok(board.name.into()) };
    let mut content = DefaultHasher::new();
    fs::read(path).with_context(|| format!("{}", path.display()))?.hash(&mut content);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(format!("{}-{stem}-{:016x}", board.name, content.finish()).into())
}

/// Directory of the images of the boards' default programs.
///
/// # Errors
///
/// If cargo cannot report its target directory.
fn images() -> Result<PathBuf> {
    Ok(workspace::target_directory()?.join("images"))
}

/// Locks the build output until it has been copied: builds with different models overwrite each other's.
fn lock() -> Result<File> {
    let images = images()?;
    file::directory(&images)?;
    let lock = File::create(images.join("lock"))?;
    lock.lock()?;
    Ok(lock)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;

    use boards::BOARDS;

    use super::{Program, name};

    #[test]
    fn a_shell_set_up_for_another_program_changes_nothing() {
        let command = Program::of(&BOARDS[0]).command("build", None).unwrap();
        for variable in ["GEN_MODEL", "DEFMT_LOG"] {
            let removed = (OsStr::new(variable), None);
            assert!(command.get_envs().any(|env| env == removed), "{variable}");
        }
    }

    #[test]
    fn models_of_one_name_have_images_of_their_own() {
        let directory = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|content| {
            let place = directory.path().join(content);
            fs::create_dir(&place).unwrap();
            fs::write(place.join("face.gen"), content).unwrap();
            name(&BOARDS[0], Some(&place.join("face.gen"))).unwrap()
        });
        assert_ne!(a, b);
        assert!(a.to_str().unwrap().starts_with("lm3s6965evb-face-"), "{a:?}");
    }
}
