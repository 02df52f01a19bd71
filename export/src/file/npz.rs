//! Reads arrays in an `.npz`, without trusting the sizes that its headers give.

use anyhow::{Context, Result, ensure};
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// The bytes of the `.npy` of array `name`, at most `limit` of them: a small archive can unpack to any size. `instead`
/// is the advice for a larger array.
///
/// # Errors
/// If the archive is damaged, has no such array, or the array is larger than `limit`.
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

/// The names of all arrays in the archive.
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
