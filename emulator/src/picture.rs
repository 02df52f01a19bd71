//! Parses screendumps.

use anyhow::{Result, bail, ensure};
use image::{DynamicImage, ImageFormat};
use output::Picture;

/// Parses a PPM of 8 bits a channel, the format of QEMU's screendumps.
///
/// # Errors
///
/// If the bytes are not a complete PPM of this kind.
pub fn from_ppm(bytes: &[u8]) -> Result<Picture> {
    let image = image::load_from_memory_with_format(bytes, ImageFormat::Pnm)?;
    let DynamicImage::ImageRgb8(image) = image else { bail!("not a PPM of 8 bits a channel") };
    let (width, height) = image.dimensions();
    Ok(Picture { width, height, rgb: image.into_raw() })
}

/// Undoes a magnification to squares of pixels. The result has `width` × `height` pixels.
///
/// # Errors
///
/// If the pixels of a square differ, or the sides are not the same multiple of `width` and `height`: the
/// picture was not magnified.
pub fn unmagnified(picture: &Picture, width: u32, height: u32) -> Result<Picture> {
    let factor = (picture.width / width).max(1);
    let whole = (picture.width, picture.height) == (width * factor, height * factor);
    ensure!(whole, "{} x {} is no multiple of {width} x {height}", picture.width, picture.height);
    let pixel = |x, y| picture.pixel(x * factor, y * factor);
    let small = Picture::from_pixels(width, height, pixel);
    ensure!(small.magnified(factor) == *picture, "the picture is not magnified {factor} times");
    Ok(small)
}

#[cfg(test)]
mod tests {
    use output::Picture;

    use super::{from_ppm, unmagnified};

    #[test]
    fn ppm_is_read_and_reduced() {
        let mut ppm = b"P6\n4 2\n255\n".to_vec();
        for _ in 0..2 {
            ppm.extend([9, 8, 7, 9, 8, 7, 10, 32, 13, 10, 32, 13]);
        }
        let picture = from_ppm(&ppm).unwrap();
        let small = unmagnified(&picture, 2, 1).unwrap();
        assert_eq!((small.width, small.height), (2, 1));
        assert_eq!(small.rgb, [9, 8, 7, 10, 32, 13]);
        assert!(unmagnified(&picture, 1, 1).is_err());
        assert!(unmagnified(&small, 1, 1).is_err());
        assert!(unmagnified(&small, 4, 2).is_err());
        let stripes = Picture::from_pixels(4, 2, |x, _| [x as u8; 3]);
        assert!(unmagnified(&stripes, 2, 1).is_err());
        assert!(from_ppm(&ppm[..20]).is_err());
        assert!(from_ppm(b"P5\n1 1\n255\n0").is_err());
    }
}
