//! A moving picture of what a screen shows.

use std::path::Path;

use anyhow::Result;
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, DynamicImage, Frame};

use crate::Picture;
use crate::replace::replace;

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
        let mut gif = Vec::new();
        let mut encoder = GifEncoder::new_with_speed(&mut gif, 10);
        encoder.set_repeat(Repeat::Infinite)?;
        for (picture, time) in &self.pictures {
            let pixels = DynamicImage::from(picture.image()?).into_rgba8();
            let delay = Delay::from_numer_denom_ms(*time, 1);
            encoder.encode_frame(Frame::from_parts(pixels, 0, 0, delay))?;
        }
        drop(encoder);
        replace(path, &gif)
    }
}
