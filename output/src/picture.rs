//! The picture on a screen.

use std::path::Path;

use anyhow::Result;

use crate::{file, png};

/// Pixels of 8 bits a channel: red, green, blue; rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Three bytes per pixel.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// A picture whose colour at column `x` of row `y` is `pixel(x, y)`.
    pub fn from_pixels(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Self {
        let pixel = &pixel;
        let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y)));
        Self { width, height, rgb: rgb.collect() }
    }

    /// The colour at column `x` of row `y`.
    ///
    /// # Panics
    ///
    /// If the pixel is outside the picture.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        assert!(x < self.width, "column {x} of a picture {} wide", self.width);
        let at = (y * self.width + x) as usize * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// The picture with every pixel enlarged to a square of `factor` × `factor`.
    pub fn magnified(&self, factor: u32) -> Self {
        let pixel = |x, y| self.pixel(x / factor, y / factor);
        Self::from_pixels(self.width * factor, self.height * factor, pixel)
    }

    /// The picture with every square of `factor` × `factor` pixels replaced by their mean, rounded.
    /// Columns and rows that do not fill a square are cut off.
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

    /// Writes the picture as PNG.
    ///
    /// # Errors
    ///
    /// If the picture has too few bytes, or the file cannot be written.
    pub fn save_png(&self, path: &Path) -> Result<()> {
        file::replace(path, &png::encode(self.width, self.height, &self.rgb)?)
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
