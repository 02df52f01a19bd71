//! Finds the model of a program and checks that it fits.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use boards::{Board, Fit};
use gen_core::Model;
use setup::workspace;

/// The model of a program by default.
const DEFAULT: &str = "models/faces.gen";

/// Path of a model, given as a file name or as a name in `models/`.
///
/// # Errors
///
/// If neither exists.
pub fn find(text: &str) -> Result<PathBuf, String> {
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

/// Compares a model (by default `models/faces.gen`) with a board's memory, without building anything.
///
/// # Errors
///
/// If the model cannot be read or does not fit; the message has the numbers of bytes.
pub fn fit(board: &Board, model: Option<&Path>) -> Result<Fit> {
    let path = model.map_or_else(|| workspace::root().join(DEFAULT), Path::to_owned);
    let name = model.unwrap_or(Path::new(DEFAULT)).display();
    let file = fs::read(&path).with_context(|| format!("{name}"))?;
    let model = Model::parse(&file).with_context(|| format!("{name}"))?;
    let fit = Fit::new(&model, file.len(), board.memory());
    ensure!(fit.fits(), "{name} does not fit {}: {fit}; choose a smaller model", board.name);
    Ok(fit)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use boards::{BOARDS, Board};
    use setup::workspace;

    use super::{DEFAULT, find, fit};

    /// Every board has room for the shipped models.
    #[test]
    fn the_shipped_models_fit_every_board() {
        for board in &BOARDS {
            fit(board, None).unwrap();
            for name in ["faces", "fashion"] {
                fit(board, Some(&find(name).unwrap())).unwrap();
            }
        }
    }

    #[test]
    fn a_model_is_a_file_or_a_name() {
        let faces = workspace::root().join(DEFAULT);
        assert_eq!(find("faces").unwrap(), faces);
        assert_eq!(find(faces.to_str().unwrap()).unwrap(), faces);
        assert_eq!(find("face").unwrap_err(), "no such file; models/ has faces, fashion");
    }

    #[test]
    fn a_model_that_does_not_fit_is_refused() {
        let small = Board { map: "FLASH : LENGTH = 100K\nRAM : LENGTH = 64K", ..BOARDS[0] };
        let error = fit(&small, None).unwrap_err().to_string();
        let expected =
            "models/faces.gen does not fit lm3s6965evb: 148852 of 10240 bytes of flash, ";
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn what_is_no_model_is_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("face.gen");
        fs::write(&path, "not a model").unwrap();
        let error = format!("{:#}", fit(&BOARDS[0], Some(&path)).unwrap_err());
        assert!(error.ends_with("copy it again"), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}
