//! Building a program for a board.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
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
    let name = image_name(board, model)?;
    let image = images.join(&name);
    let beside = images.join(name + ".new");
    fs::copy(&built, &beside).with_context(|| format!("cannot copy {}", built.display()))?;
    fs::rename(&beside, &image)?;
    Ok(image)
}

/// A file name for the program of a board with a model. Different models may have the same name:
/// their contents decide.
fn image_name(board: &Board, model: Option<&Path>) -> Result<String> {
    let Some(path) = model else { return Ok(format!("{}.elf", board.name)) };
    let mut content = DefaultHasher::new();
    fs::read(path).with_context(|| format!("{}", path.display()))?.hash(&mut content);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(format!("{}-{stem}-{:016x}.elf", board.name, content.finish()))
}

/// Cargo with all that the board's program needs; `verb` is `build`, `clippy`, …. Nothing else in
/// the environment changes what is built: somebody's shell may be set up for another program.
///
/// # Errors
///
/// If the model does not exist.
pub fn command(board: &Board, verb: &str, model: Option<&Path>) -> Result<Command> {
    let mut cargo = workspace::cargo();
    cargo.args([verb, "--package", "firmware", "--profile", "firmware"]);
    cargo.args(["--bin", board.program, "--features", board.name, "--target", board.target]);
    for variable in ["GEN_MODEL", "GEN_SEED", "DEFMT_LOG"] {
        cargo.env_remove(variable);
    }
    if let Some(model) = model {
        let path = model.canonicalize().with_context(|| format!("{}", model.display()))?;
        cargo.env("GEN_MODEL", path);
    }
    Ok(cargo)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;

    use super::{command, image_name};
    use crate::board::BOARDS;

    #[test]
    fn models_of_one_name_have_images_of_their_own() {
        let directory = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|content| {
            let place = directory.path().join(content);
            fs::create_dir(&place).unwrap();
            fs::write(place.join("face.gen"), content).unwrap();
            image_name(&BOARDS[0], Some(&place.join("face.gen"))).unwrap()
        });
        assert_ne!(a, b);
        assert!(a.starts_with("lm3s6965evb-face-"), "{a}");
    }

    #[test]
    fn a_shell_set_up_for_another_program_changes_nothing() {
        let command = command(&BOARDS[0], "build", None).unwrap();
        for variable in ["GEN_MODEL", "GEN_SEED", "DEFMT_LOG"] {
            let removed = (OsStr::new(variable), None);
            assert!(command.get_envs().any(|env| env == removed), "{variable}");
        }
    }
}
