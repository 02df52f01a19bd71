//! Reads whole files, and arrays in an `.npz`.

pub mod npz;

use anyhow::{Context, Result};
use std::path::Path;

/// The bytes of the file at `path`.
///
/// # Errors
/// If the file cannot be read, naming it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
}
