//! What a screen shows.

use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result};
use image::{ImageFormat, RgbImage};

use crate::replace::replace;

/// Pixels of 8 bits a channel, red, green, blue, rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Three bytes a pixel.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// One pixel.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        let at = (y * self.width + x) as usize * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// A picture by its pixels.
    pub fn from_pixels(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Self {
        let pixel = &pixel;
        let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y)));
        Self { width, height, rgb: rgb.collect() }
    }

    /// `factor` times as large, every pixel a square.
    pub fn magnified(&self, factor: u32) -> Self {
        let pixel = |x, y| self.pixel(x / factor, y / factor);
        Self::from_pixels(self.width * factor, self.height * factor, pixel)
    }

    /// A `factor`th as large, every pixel the mean of a square. What does not fill a square is cut.
    pub fn reduced(&self, factor: u32) -> Self {
        let mean = |x, y, channel: usize| {
            let square = (0..factor * factor)
                .map(|at| self.pixel(x * factor + at % factor, y * factor + at / factor));
            let sum: u32 = square.map(|pixel| u32::from(pixel[channel])).sum();
            ((sum + factor * factor / 2) / (factor * factor)) as u8
        };
        let pixel = |x, y| [0, 1, 2].map(|channel| mean(x, y, channel));
        Self::from_pixels(self.width / factor, self.height / factor, pixel)
    }

    /// The picture as the encoders take it.
    pub(crate) fn image(&self) -> Result<RgbImage> {
        let image = RgbImage::from_raw(self.width, self.height, self.rgb.clone());
        image.context("fewer bytes than pixels")
    }

    /// Writes a PNG.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save_png(&self, path: &Path) -> Result<()> {
        let mut png = Cursor::new(Vec::new());
        self.image()?.write_to(&mut png, ImageFormat::Png)?;
        replace(path, png.get_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;

    #[test]
    fn squares_become_their_mean() {
        let picture = Picture::from_pixels(5, 3, |x, y| [x as u8, y as u8 * 10, 255]);
        let small = picture.reduced(2);
        assert_eq!((small.width, small.height), (2, 1));
        assert_eq!(small.rgb, [1, 5, 255, 3, 5, 255]);
        assert_eq!(small.magnified(2).reduced(2), small);
    }
}
