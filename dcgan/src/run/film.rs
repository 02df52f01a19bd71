//! Joins all sheets of a run into a GIF.

use std::path::Path;

use anyhow::{Context, Result};
use output::gif;

use super::numbered;

/// Time that a sheet is shown, in milliseconds.
const TIME: u32 = 250;
/// Time that the last sheet is shown, in milliseconds.
const LAST: u32 = 2000;

/// Encodes a GIF of the sheets in `directory` from steps before `step`, followed by the PNG `last`.
pub(super) fn encode(directory: &Path, step: u64, last: &[u8]) -> Result<Vec<u8>> {
    let mut sheets = numbered(directory, ".png")?;
    sheets.retain(|(number, _)| *number < step);
    let sheets = sheets.iter().map(|(_, path)| {
        let sheet = image::open(path).with_context(|| path.display().to_string())?;
        Ok((sheet, TIME))
    });
    gif::encode(sheets.chain([Ok((image::load_from_memory(last)?, LAST))]))
}
