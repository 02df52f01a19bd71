//! Reads a directory of PNG and JPEG files, in the order of their paths, without its [`TEST`] part.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image::{DynamicImage, ImageReader};
use rayon::prelude::*;

use super::{Found, Reading, labels, square};

/// The file of the directory that holds its labels, if it exists.
const LABELS: &str = "labels.csv";

/// The subdirectory with pictures that neither networks nor judge may see: what is learned is tested on them.
const TEST: &str = "test";

pub(super) fn read(directory: &Path, reading: &Reading) -> Result<Found> {
    let mut files = Vec::new();
    collect(directory, &mut files)?;
    ensure!(
        !files.is_empty(),
        "{}: holds no .png, .jpg or .jpeg file, nor do its subdirectories",
        directory.display()
    );
    let test = directory.join(TEST);
    files.retain(|file| !file.starts_with(&test));
    ensure!(
        !files.is_empty(),
        "{}: all its pictures are in its subdirectory {TEST}, which is not trained on: pass that one, or add others",
        directory.display()
    );
    files.sort();
    let first = decode(&files[0])?;
    let size = reading.size.unwrap_or(first.width().min(first.height()) as usize);
    let read = |file: &PathBuf| {
        let image = decode(file)?;
        // Resize each picture while reading: the full-size photographs of a large set do not fit into memory.
        let image = if reading.resize { square(image, size) } else { image };
        Ok((file.display().to_string(), image))
    };
    let pictures: Result<Vec<_>> = files.par_iter().map(read).collect();

    let usual = directory.join(LABELS);
    let csv = reading.labels.as_deref().or(usual.is_file().then_some(&usual));
    let names: Vec<&Path> =
        files.iter().map(|file| file.strip_prefix(directory).unwrap_or(file)).collect();
    let attributes = csv.map(|csv| labels::read(csv, &names)).transpose()?.unwrap_or_default();
    Ok(Found { pictures: pictures?, attributes })
}

fn decode(file: &Path) -> Result<DynamicImage> {
    let name = file.display();
    let open = ImageReader::open(file).with_context(|| format!("{name}: cannot be read"))?;
    // The format follows from the content, not from the file's extension.
    let image = open.with_guessed_format()?.decode();
    image.with_context(|| format!("{name}: damaged"))
}

/// Adds the paths of the pictures under `directory` and its subdirectories.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let name = || format!("{}: cannot be listed", directory.display());
    for entry in fs::read_dir(directory).with_context(name)? {
        let entry = entry.with_context(name)?;
        let path = entry.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        // Do not follow links to directories: they may form a cycle.
        if entry.file_type().with_context(name)?.is_dir() {
            collect(&path, files)?;
        } else if ["png", "jpg", "jpeg"].iter().any(|known| extension.eq_ignore_ascii_case(known)) {
            files.push(path);
        }
    }
    Ok(())
}
