//! Peak signal to noise ratio.

use crate::picture::Planes;

/// `10·log₁₀(255² / mean squared difference)` in dB over all channels, at most 100, so that means over equal pictures
/// stay finite.
///
/// # Panics
///
/// If the pictures differ in size.
pub fn psnr(a: &Planes, b: &Planes) -> f64 {
    assert_eq!(a.pixels.len(), b.pixels.len(), "pictures of one size");
    let squares = a.pixels.iter().zip(&b.pixels).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2));
    let mean = squares.sum::<u64>() as f64 / a.pixels.len() as f64;
    (10.0 * libm::log10(255.0 * 255.0 / mean)).min(100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_differences() {
        let flat = |value| Planes { channels: 1, height: 2, width: 2, pixels: vec![value; 4] };
        assert_eq!(psnr(&flat(7), &flat(7)), 100.0);
        assert_eq!(psnr(&flat(0), &flat(255)), 0.0);
        assert!((psnr(&flat(10), &flat(11)) - 48.1308).abs() < 1e-4);
    }
}
