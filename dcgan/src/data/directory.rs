//! A directory of PNG and JPEG files, in the order of their paths.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image::ImageReader;

use super::{Found, labels};

/// Labels are looked for in this file of the directory.
const LABELS: &str = "labels.csv";

pub(super) fn read(directory: &Path, csv: Option<&Path>) -> Result<Found> {
    let mut files = Vec::new();
    collect(directory, &mut files)?;
    ensure!(
        !files.is_empty(),
        "{}: holds no .png, .jpg or .jpeg, nor do its directories",
        directory.display()
    );
    files.sort();
    let mut pictures = Vec::with_capacity(files.len());
    for file in &files {
        let name = file.display().to_string();
        let open = ImageReader::open(file).with_context(|| format!("{name}: cannot be read"))?;
        // What a file holds counts, not how it is called.
        let image = open.with_guessed_format()?.decode();
        pictures.push((name.clone(), image.with_context(|| format!("{name}: damaged"))?));
    }

    let usual = directory.join(LABELS);
    let csv = csv.or(usual.is_file().then_some(&usual));
    let names: Vec<&Path> =
        files.iter().map(|file| file.strip_prefix(directory).unwrap_or(file)).collect();
    let attributes = csv.map(|csv| labels::read(csv, &names)).transpose()?.unwrap_or_default();
    Ok(Found { pictures, attributes })
}

/// Adds the pictures under `directory`.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let name = || format!("{}: cannot be listed", directory.display());
    for entry in fs::read_dir(directory).with_context(name)? {
        let path = entry.with_context(name)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        if path.is_dir() {
            collect(&path, files)?;
        } else if ["png", "jpg", "jpeg"].iter().any(|known| extension.eq_ignore_ascii_case(known)) {
            files.push(path);
        }
    }
    Ok(())
}
