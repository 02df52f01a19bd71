//! The picture that a screen shows.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::image::replace;

/// Pixels, red, green, blue, rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Three bytes a pixel.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Reads a binary PPM of 8 bits, as QEMU writes it.
    ///
    /// # Errors
    ///
    /// If the bytes are none, or end early.
    pub fn from_ppm(bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        let mut word = || -> Option<&str> {
            let start = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
            let length = rest[start..].iter().position(u8::is_ascii_whitespace)?;
            let word = &rest[start..start + length];
            // One white space ends the header, right before the pixels.
            rest = &rest[start + length + 1..];
            std::str::from_utf8(word).ok()
        };
        ensure!(word() == Some("P6"), "not a binary PPM");
        let mut number = || word().and_then(|word| word.parse::<usize>().ok());
        let header = (|| Some((number()?, number()?, number()?)))();
        let (width, height, maximum) = header.context("the PPM's header is cut short")?;
        ensure!(maximum == 255, "a PPM of {maximum} shades instead of 255");
        let pixels = rest.get(..width * height * 3).context("the PPM is cut short")?;
        Ok(Self { width, height, rgb: pixels.to_vec() })
    }

    /// Writes a PNG.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save_png(&self, path: &Path) -> Result<()> {
        let mut png = Vec::new();
        let (width, height) = (self.width as u32, self.height as u32);
        PngEncoder::new(&mut png).write_image(&self.rgb, width, height, ExtendedColorType::Rgb8)?;
        replace(path, &png)
    }

    /// One pixel.
    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y * self.width + x) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Makes every `factor` × `factor` pixels one.
    ///
    /// # Errors
    ///
    /// If they are not all alike: the picture then was not one magnified.
    pub fn reduced(&self, factor: usize) -> Result<Self> {
        let whole = self.width.is_multiple_of(factor) && self.height.is_multiple_of(factor);
        ensure!(whole, "{} x {} is not magnified {factor} times", self.width, self.height);
        let (width, height) = (self.width / factor, self.height / factor);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                rgb.extend(self.pixel(x * factor, y * factor));
            }
        }
        let small = Self { width, height, rgb };
        for y in 0..self.height {
            for x in 0..self.width {
                let alike = self.pixel(x, y) == small.pixel(x / factor, y / factor);
                ensure!(alike, "pixel ({x}, {y}) is not magnified {factor} times");
            }
        }
        Ok(small)
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;

    #[test]
    fn ppm_is_read_and_reduced() {
        let mut ppm = b"P6\n4 2\n255\n".to_vec();
        for _ in 0..2 {
            ppm.extend([9, 8, 7, 9, 8, 7, 10, 32, 13, 10, 32, 13]);
        }
        let picture = Picture::from_ppm(&ppm).unwrap();
        let small = picture.reduced(2).unwrap();
        assert_eq!((small.width, small.height), (2, 1));
        assert_eq!(small.rgb, [9, 8, 7, 10, 32, 13]);
        assert!(picture.reduced(4).is_err());
        assert!(Picture::from_ppm(&ppm[..20]).is_err());
        assert!(Picture::from_ppm(b"P5\n1 1\n255\n0").is_err());
    }
}
