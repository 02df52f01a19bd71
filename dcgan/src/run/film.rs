//! All sheets of a run as a moving picture.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame};

/// How long a sheet is looked at, and the last one, in milliseconds.
const TIME: u32 = 250;
const LAST: u32 = 2000;

/// The bytes of a GIF of the PNGs in `directory`, in the order of their names.
pub(super) fn encode(directory: &Path) -> Result<Vec<u8>> {
    let name = || format!("{}: cannot be listed", directory.display());
    let entries: Result<Vec<_>, _> = fs::read_dir(directory).with_context(name)?.collect();
    let mut sheets: Vec<PathBuf> =
        entries.with_context(name)?.iter().map(std::fs::DirEntry::path).collect();
    sheets.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
    sheets.sort();

    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut gif, 10);
    encoder.set_repeat(Repeat::Infinite)?;
    for (index, path) in sheets.iter().enumerate() {
        let sheet = image::open(path).with_context(|| path.display().to_string())?;
        let time = if index + 1 == sheets.len() { LAST } else { TIME };
        let delay = Delay::from_numer_denom_ms(time, 1);
        encoder.encode_frame(Frame::from_parts(sheet.into_rgba8(), 0, 0, delay))?;
    }
    drop(encoder);
    Ok(gif)
}
