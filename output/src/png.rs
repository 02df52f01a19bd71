//! Encodes pictures as PNG.

use anyhow::{Result, ensure};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

/// Encodes a PNG. `rgb`: red, green and blue of each pixel, `height` rows of `width` pixels.
///
/// # Errors
///
/// If `rgb` does not have 3·`width`·`height` bytes, or the encoder refuses the size.
pub fn encode(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>> {
    let pixels = u64::from(width) * u64::from(height);
    ensure!(rgb.len() as u64 == 3 * pixels, "{} bytes for {width} × {height} pixels", rgb.len());
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(rgb, width, height, ExtendedColorType::Rgb8)?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn pixels_come_back() {
        let rgb = [1, 2, 3, 4, 5, 6];
        let png = encode(2, 1, &rgb).unwrap();
        assert_eq!(image::load_from_memory(&png).unwrap().into_rgb8().into_raw(), rgb);
        assert_eq!(encode(2, 2, &rgb).unwrap_err().to_string(), "6 bytes for 2 × 2 pixels");
    }
}
