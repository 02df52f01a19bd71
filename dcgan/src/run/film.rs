//! Joins all sheets of a run into a GIF.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use output::gif;

/// Time that a sheet is shown, in milliseconds.
const TIME: u32 = 250;
/// Time that the last sheet is shown, in milliseconds.
const LAST: u32 = 2000;

/// Encodes a GIF of the sheets in `directory` from steps before `step`, followed by the PNG `last`.
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
