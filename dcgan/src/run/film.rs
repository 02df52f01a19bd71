//! All sheets of a run as a moving picture.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use output::gif;

/// How long a sheet is looked at, and the last one, in milliseconds.
const TIME: u32 = 250;
const LAST: u32 = 2000;

/// The bytes of a GIF: the sheets in `directory` of the steps before `step`, then the PNG `last`.
pub(super) fn encode(directory: &Path, step: u64, last: &[u8]) -> Result<Vec<u8>> {
    let name = || format!("{}: cannot be listed", directory.display());
    let mut sheets: Vec<(u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(directory).with_context(name)? {
        let path = entry.with_context(name)?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        sheets.extend(number.filter(|&number| number < step).map(|number| (number, path)));
    }
    sheets.sort();

    let sheets = sheets.iter().map(|(_, path)| {
        let sheet = image::open(path).with_context(|| path.display().to_string())?;
        Ok((sheet, TIME))
    });
    gif::encode(sheets.chain([Ok((image::load_from_memory(last)?, LAST))]))
}
