//! Building a program for a board.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail, ensure};
use firmware::fit::Fit;
use gen_core::Model;
use output::file;

use crate::board::Board;
use crate::image::Image;
use crate::size::Size;
use crate::workspace;

/// What a program is built around unless one says otherwise.
const MODEL: &str = "models/faces.gen";

/// The table of what a program takes, beside its image.
pub const SIZE: &str = "size.txt";

/// The path of the model that is called `text`: a file, or one of `models/` by its name.
///
/// # Errors
///
/// If there is neither.
pub fn model(text: &str) -> Result<PathBuf, String> {
    let models = workspace::root().join("models");
    let places = [PathBuf::from(text), models.join(format!("{text}.gen"))];
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| {
        let shipped = fs::read_dir(models).into_iter().flatten().flatten();
        let mut names: Vec<String> = shipped
            .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".gen")?.to_owned()))
            .collect();
        names.sort();
        format!("no such file; models/ has {}", names.join(", "))
    })
}

/// Compares a model, by default the one in `models/`, with a board's memory. Builds nothing.
///
/// # Errors
///
/// If the model cannot be read or does not fit: one sentence with the bytes.
pub fn fit(board: &Board, model: Option<&Path>) -> Result<Fit> {
    let root = workspace::root();
    let path = model.map_or_else(|| root.join(MODEL), Path::to_owned);
    let name = model.unwrap_or(Path::new(MODEL)).display();
    let file = fs::read(&path).with_context(|| format!("{name}"))?;
    let model = Model::parse(&file);
    let model = model
        .map_err(|e| anyhow!("{name}: {e}; convert it with `cargo run -p export -- quantize`"))?;
    let map = root.join("firmware/memory").join(board.name).with_added_extension("x");
    let text = fs::read_to_string(&map).with_context(|| format!("{}", map.display()))?;
    let fit = Fit::new(&model, file.len(), &text);
    let fit = fit.with_context(|| format!("{} gives no LENGTH of FLASH and RAM", map.display()))?;
    fitting(board, &name.to_string(), fit)
}

fn fitting(board: &Board, name: &str, fit: Fit) -> Result<Fit> {
    ensure!(fit.fits(), "{name} does not fit {}: {fit}; choose a smaller model", board.name);
    Ok(fit)
}

/// Builds the board's program around a model, by default the one in `models/`, and writes its image
/// and [`SIZE`]: into a directory per board and model, so that several can be in use at once.
///
/// # Errors
///
/// If the model cannot be read or does not fit, or the build fails; cargo's own words are part of
/// the error.
pub fn build(board: &Board, model: Option<&Path>) -> Result<Image> {
    let fit = fit(board, model)?;
    let _lock = lock()?;
    let elf = compile(board, model)?;
    let directory = images()?.join(image_name(board, model)?);
    let image = Image::write(&directory, board, &elf)?;
    let table = Size::of(&image.elf)?.table(fit.ram as u64);
    file::replace(&directory.join(SIZE), table.as_bytes())?;
    Ok(image)
}

fn images() -> Result<PathBuf> {
    Ok(workspace::target_directory()?.join("images"))
}

/// Builds with different models replace each other's output: one at a time, until copied.
///
/// # Errors
///
/// If the file that is locked cannot be.
pub fn lock() -> Result<File> {
    let images = images()?;
    fs::create_dir_all(&images).with_context(|| format!("cannot create {}", images.display()))?;
    let lock = File::create(images.join("lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// The board's program as cargo builds it, under [`lock`].
///
/// # Errors
///
/// If the build fails; cargo's own words are part of the error.
pub fn compile(board: &Board, model: Option<&Path>) -> Result<Vec<u8>> {
    let mut cargo = command(board, "build", model)?;
    let output = cargo.output().context("cannot run cargo")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    // What build.rs has to say is one sentence, for example about the board.
    let sentence = complaint.lines().find_map(|line| line.strip_prefix("error: firmware@"));
    if let Some((_, sentence)) = sentence.and_then(|line| line.split_once(": ")) {
        bail!("{sentence}");
    }
    ensure!(output.status.success(), "the build failed\n{complaint}");

    let target = workspace::target_directory()?.join(board.target);
    let built = target.join("firmware").join(board.program);
    fs::read(&built).with_context(|| format!("{}", built.display()))
}

/// A name for the image of a board with a model. Different models may have the same name: their
/// contents decide.
fn image_name(board: &Board, model: Option<&Path>) -> Result<PathBuf> {
    let Some(path) = model else { return Ok(board.name.into()) };
    let mut content = DefaultHasher::new();
    fs::read(path).with_context(|| format!("{}", path.display()))?.hash(&mut content);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(format!("{}-{stem}-{:016x}", board.name, content.finish()).into())
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
    for variable in ["GEN_MODEL", "DEFMT_LOG"] {
        cargo.env_remove(variable);
    }
    if let Some(cpu) = board.cpu {
        // Joins what `.cargo/config.toml` has; of two processors the last counts.
        let variable = format!("CARGO_TARGET_{}_RUSTFLAGS", board.target.to_uppercase());
        cargo.env(variable.replace(['-', '.'], "_"), format!("-Ctarget-cpu={cpu}"));
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

    use super::{Fit, MODEL, command, fit, fitting, image_name, model};
    use crate::board::BOARDS;
    use crate::workspace;

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
        assert!(a.to_str().unwrap().starts_with("lm3s6965evb-face-"), "{a:?}");
    }

    #[test]
    fn a_shell_set_up_for_another_program_changes_nothing() {
        let command = command(&BOARDS[0], "build", None).unwrap();
        for variable in ["GEN_MODEL", "DEFMT_LOG"] {
            let removed = (OsStr::new(variable), None);
            assert!(command.get_envs().any(|env| env == removed), "{variable}");
        }
    }

    /// Every board has a memory map that is understood, and room for the models that come along.
    #[test]
    fn the_shipped_models_fit_every_board() {
        for board in &BOARDS {
            fit(board, None).unwrap();
            for name in ["faces", "fashion"] {
                fit(board, Some(&model(name).unwrap())).unwrap();
            }
        }
    }

    #[test]
    fn a_model_is_a_file_or_a_name() {
        let faces = workspace::root().join(MODEL);
        assert_eq!(model("faces").unwrap(), faces);
        assert_eq!(model(faces.to_str().unwrap()).unwrap(), faces);
        assert_eq!(model("face").unwrap_err(), "no such file; models/ has faces, fashion");
    }

    #[test]
    fn a_model_that_does_not_fit_is_refused() {
        let board = &BOARDS[0];
        let fit = fit(board, None).unwrap();
        let large = Fit { flash: fit.flash_total, ..fit };
        let error = fitting(board, "large.gen", large).unwrap_err().to_string();
        assert!(error.starts_with("large.gen does not fit lm3s6965evb: 262144 of "), "{error}");
    }

    #[test]
    fn what_is_no_model_is_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("face.gen");
        fs::write(&path, "not a model").unwrap();
        let error = format!("{:#}", fit(&BOARDS[0], Some(&path)).unwrap_err());
        assert!(error.ends_with("convert it with `cargo run -p export -- quantize`"), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}
