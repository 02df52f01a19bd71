//! Arrays out of an `.npz`, believing nothing that it says of sizes.

use anyhow::{Context, Result, ensure};
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// The `.npy` of the array `name`, of at most `limit` bytes: a small archive unpacks to as much as
/// anyone likes. `instead` is what to do about a larger one.
///
/// # Errors
/// If the archive is damaged, has no such array, or that is too large.
pub fn array(bytes: &[u8], name: &str, limit: u64, instead: &str) -> Result<Vec<u8>> {
    let mut archive = open(bytes)?;
    let entry = archive.by_name(&format!("{name}.npy"));
    let entry = entry.with_context(|| format!("no array \"{name}\" in this .npz file"))?;
    let mut unpacked = Vec::new();
    entry.take(limit + 1).read_to_end(&mut unpacked).context("damaged .npz file")?;
    ensure!(
        unpacked.len() as u64 <= limit,
        "the array \"{name}\" has more than {limit} bytes: {instead}"
    );
    Ok(unpacked)
}

/// The names of all arrays.
///
/// # Errors
/// If the archive is damaged.
pub fn names(bytes: &[u8]) -> Result<Vec<String>> {
    let archive = open(bytes)?;
    let names = archive.file_names().filter_map(|name| name.strip_suffix(".npy"));
    Ok(names.map(str::to_owned).collect())
}

fn open(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>> {
    ZipArchive::new(Cursor::new(bytes)).context("damaged .npz file")
}
