//! Pictures of 8-bit pixels, and how close two of them are.
//!
//! - [`pixel_rule`]: output values as pixels
//! - [`psnr`], [`ssim`], [`frechet`]: measures of closeness
//! - [`fidelity`]: those measures over many pairs of pictures
//! - [`sheet`]: many pictures in one PNG

pub mod fidelity;
pub mod frechet;
pub mod pixel_rule;
pub mod psnr;
pub mod sheet;
pub mod ssim;

/// A picture in ONNX's order, `[channel][row][column]`: a plane of pixels for each channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planes {
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// The pixels, `channels·height·width` of them.
    pub pixels: Vec<u8>,
}

impl Planes {
    /// The picture whose pixels are `bytes` in the order `[row][column][channel]`.
    pub fn from_interleaved(channels: usize, height: usize, width: usize, bytes: &[u8]) -> Self {
        let plane = |c: usize| bytes.iter().skip(c).step_by(channels).copied();
        let pixels = (0..channels).flat_map(plane).collect();
        Self { channels, height, width, pixels }
    }

    /// The pixels in the order `[row][column][channel]`.
    pub fn interleaved(&self) -> Vec<u8> {
        let plane = self.height * self.width;
        let at = |i: usize| self.pixels[i % self.channels * plane + i / self.channels];
        (0..self.pixels.len()).map(at).collect()
    }

    /// Absolute difference from `other`, of the same size, times `factor`, at most 255.
    pub fn difference(&self, other: &Self, factor: u8) -> Self {
        let pairs = self.pixels.iter().zip(&other.pixels);
        let pixels = pairs.map(|(a, b)| a.abs_diff(*b).saturating_mul(factor)).collect();
        Self { pixels, ..*self }
    }

    /// The pixels of one channel, row by row.
    pub fn plane(&self, channel: usize) -> &[u8] {
        let len = self.height * self.width;
        &self.pixels[channel * len..][..len]
    }
}

#[cfg(test)]
mod tests {
    use super::Planes;

    #[test]
    fn planes_are_separated() {
        let picture = Planes::from_interleaved(3, 1, 2, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(picture.pixels, [1, 4, 2, 5, 3, 6]);
        assert_eq!(picture.plane(1), [2, 5]);
        assert_eq!(picture.interleaved(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn differences_are_enlarged_and_limited() {
        let of = |pixels: &[u8]| Planes::from_interleaved(1, 1, 3, pixels);
        assert_eq!(of(&[5, 5, 100]).difference(&of(&[5, 8, 0]), 8).pixels, [0, 24, 255]);
    }
}
