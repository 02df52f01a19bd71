//! Collects pictures of a screen and writes them as a GIF.

use std::path::Path;

use anyhow::{Context, Result};
use image::{DynamicImage, RgbImage};
use output::{Picture, file, gif};

/// Pictures, each with the time for which it is shown.
#[derive(Default)]
pub struct Film {
    pictures: Vec<(Picture, u32)>,
}

impl Film {
    /// Adds a picture, to be shown for 0 ms so far.
    pub fn add(&mut self, picture: Picture) {
        self.pictures.push((picture, 0));
    }

    /// Adds `milliseconds` to the time for which the last picture is shown.
    pub fn look(&mut self, milliseconds: u32) {
        if let Some((_, time)) = self.pictures.last_mut() {
            *time += milliseconds;
        }
    }

    /// Writes the pictures as a GIF that repeats for ever.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save_gif(&self, path: &Path) -> Result<()> {
        let frames = self.pictures.iter().map(|(picture, milliseconds)| {
            let Picture { width, height, ref rgb } = *picture;
            let image = RgbImage::from_raw(width, height, rgb.clone());
            let image = image.context("fewer bytes than pixels")?;
            Ok((DynamicImage::from(image), *milliseconds))
        });
        file::replace(path, &gif::encode(frames)?)
    }
}
