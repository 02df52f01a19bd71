//! Files that are whole or not there.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes a file: beside its place first, so that no half of one is ever found there.
///
/// # Errors
///
/// If it cannot be written; nothing is left behind.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What was to be cleaned up may not exist either.
        let _ = fs::remove_file(&beside);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}
