//! A moving picture of what a screen shows.

use std::path::Path;

use anyhow::{Context, Result};
use image::{DynamicImage, RgbImage};
use output::{Picture, file, gif};

/// Pictures, and how long each is looked at.
#[derive(Default)]
pub struct Film {
    pictures: Vec<(Picture, u32)>,
}

impl Film {
    /// Adds a picture that is not looked at yet.
    pub fn add(&mut self, picture: Picture) {
        self.pictures.push((picture, 0));
    }

    /// Looks at the last picture for so long.
    pub fn look(&mut self, milliseconds: u32) {
        if let Some((_, time)) = self.pictures.last_mut() {
            *time += milliseconds;
        }
    }

    /// Writes a GIF that begins again when it ends.
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
