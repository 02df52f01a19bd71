//! Ordered dithering.

/// Threshold at panel position (x, y): Bayer's 8×8 matrix of 0 to 63 (Bayer 1973), repeated.
const fn bayer(x: u32, y: u32) -> u32 {
    // The bits of x ^ y and y, interleaved and reversed.
    let (mix, mut threshold, mut bit) = (x ^ y, 0, 0);
    while bit < 3 {
        threshold |= (mix >> bit & 1) << (5 - 2 * bit) | (y >> bit & 1) << (4 - 2 * bit);
        bit += 1;
    }
    threshold
}

/// Whether panel position (x, y) is lit for a grey of 0 to 255. 0 is never lit, 255 always.
pub(super) const fn lit(grey: u8, x: u32, y: u32) -> bool {
    grey as u32 * 64 > bayer(x, y) * 255 + 127
}

#[cfg(test)]
mod tests {
    use super::{bayer, lit};

    #[test]
    fn every_threshold_occurs_once_and_the_first_are_spread() {
        let mut seen = [false; 64];
        for at in 0..64 {
            seen[bayer(at % 8, at / 8) as usize] = true;
        }
        assert_eq!(seen, [true; 64]);
        assert_eq!([bayer(0, 0), bayer(4, 4), bayer(4, 0), bayer(0, 4)], [0, 1, 2, 3]);
    }

    #[test]
    fn share_of_lit_positions_is_the_grey() {
        for grey in 0..=255 {
            let count = (0..64).filter(|at| lit(grey, at % 8, at / 8)).count() as f32;
            assert!((count / 64.0 - f32::from(grey) / 255.0).abs() <= 0.5 / 64.0 + 1e-3, "{grey}");
        }
    }
}
