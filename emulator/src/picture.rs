//! Parses screendumps.

use anyhow::{Context, Result, ensure};
use output::Picture;

/// Parses a binary PPM of 8 bits, the format of QEMU's screendumps.
///
/// # Errors
///
/// If the bytes are not a complete PPM of this kind.
pub fn from_ppm(bytes: &[u8]) -> Result<Picture> {
    let mut rest = bytes;
    let mut word = || -> Option<&str> {
        let start = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let length = rest[start..].iter().position(u8::is_ascii_whitespace)?;
        let word = &rest[start..start + length];
        // A single white space separates the header from the pixels.
        rest = &rest[start + length + 1..];
        std::str::from_utf8(word).ok()
    };
    ensure!(word() == Some("P6"), "not a binary PPM");
    let mut number = || word().and_then(|word| word.parse::<u32>().ok());
    let header = (|| Some((number()?, number()?, number()?)))();
    let (width, height, maximum) = header.context("the PPM's header is cut short")?;
    ensure!(maximum == 255, "a PPM of {maximum} shades instead of 255");
    let rgb = rest.get(..width as usize * height as usize * 3).context("the PPM is cut short")?;
    Ok(Picture { width, height, rgb: rgb.to_vec() })
}

/// Undoes a magnification: every square of `factor` × `factor` pixels becomes one pixel.
///
/// # Errors
///
/// If the pixels of a square differ, or the sides are not multiples of `factor`: the picture was not
/// magnified.
pub fn unmagnified(picture: &Picture, factor: u32) -> Result<Picture> {
    let Picture { width, height, .. } = *picture;
    let whole = width.is_multiple_of(factor) && height.is_multiple_of(factor);
    ensure!(whole, "{width} x {height} is not magnified {factor} times");
    let small = Picture::from_pixels(width / factor, height / factor, |x, y| {
        picture.pixel(x * factor, y * factor)
    });
    ensure!(small.magnified(factor) == *picture, "the picture is not magnified {factor} times");
    Ok(small)
}

#[cfg(test)]
mod tests {
    use super::{from_ppm, unmagnified};

    #[test]
    fn ppm_is_read_and_reduced() {
        let mut ppm = b"P6\n4 2\n255\n".to_vec();
        for _ in 0..2 {
            ppm.extend([9, 8, 7, 9, 8, 7, 10, 32, 13, 10, 32, 13]);
        }
        let picture = from_ppm(&ppm).unwrap();
        let small = unmagnified(&picture, 2).unwrap();
        assert_eq!((small.width, small.height), (2, 1));
        assert_eq!(small.rgb, [9, 8, 7, 10, 32, 13]);
        assert!(unmagnified(&picture, 4).is_err());
        assert!(unmagnified(&small, 2).is_err());
        assert!(from_ppm(&ppm[..20]).is_err());
        assert!(from_ppm(b"P5\n1 1\n255\n0").is_err());
    }
}
