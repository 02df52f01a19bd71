//! How close pictures are to others, in figures.

use crate::picture::Picture;
use crate::picture::{psnr, ssim};
use serde::Serialize;

/// PSNR and SSIM over a number of pairs of pictures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fidelity {
    /// Pairs compared.
    pub pictures: usize,
    /// Mean PSNR in dB; equal pictures count 100.
    pub psnr_mean: f64,
    /// PSNR of the worst pair.
    pub psnr_worst: f64,
    /// Index of the pair with the worst PSNR.
    pub worst: usize,
    /// Mean SSIM, for pictures of 11×11 and more.
    pub ssim_mean: Option<f64>,
    /// SSIM of the worst pair.
    pub ssim_worst: Option<f64>,
    /// Largest difference of two pixels.
    pub largest_difference: u8,
    /// Part of all pixels that differ by more than each of [`LEVELS`].
    pub off_by_more: [f64; LEVELS.len()],
}

/// Grey levels that [`Fidelity::off_by_more`] counts pixels beyond.
pub const LEVELS: [u8; 4] = [1, 2, 4, 8];

/// How close one pair of pictures is.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    psnr: f64,
    ssim: Option<f64>,
    difference: u8,
    /// Part of the pixels beyond each of [`LEVELS`].
    off_by_more: [f64; LEVELS.len()],
}

impl Pair {
    /// Compares two pictures of one size.
    pub fn of(a: &Picture, b: &Picture) -> Self {
        let differences = || a.pixels.iter().zip(&b.pixels).map(|(a, b)| a.abs_diff(*b));
        let beyond = |level| differences().filter(|it| *it > level).count() as f64;
        Self {
            psnr: psnr::limited(a, b),
            ssim: ssim::ssim(a, b),
            difference: differences().max().unwrap_or(0),
            off_by_more: LEVELS.map(|level| beyond(level) / a.pixels.len().max(1) as f64),
        }
    }

    /// PSNR in dB; of equal pictures 100.
    pub fn psnr(&self) -> f64 {
        self.psnr
    }
}

/// Indices of `pairs`, the one of the lowest PSNR first; of equal ones, the first of them.
pub fn worst_first(pairs: &[Pair]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|a, b| pairs[*a].psnr.total_cmp(&pairs[*b].psnr));
    order
}

impl Fidelity {
    /// Sums up at least one pair.
    ///
    /// # Panics
    /// If there is none.
    pub fn of(pairs: &[Pair]) -> Self {
        let count = pairs.len() as f64;
        let worst = worst_first(pairs)[0];
        let ssims: Option<Vec<f64>> = pairs.iter().map(|pair| pair.ssim).collect();
        let ssim_mean = ssims.as_ref().map(|s| s.iter().sum::<f64>() / count);
        let ssim_worst = ssims.map(|s| s.into_iter().fold(1.0, f64::min));
        Self {
            pictures: pairs.len(),
            psnr_mean: pairs.iter().map(|pair| pair.psnr).sum::<f64>() / count,
            psnr_worst: pairs[worst].psnr,
            worst,
            ssim_mean,
            ssim_worst,
            largest_difference: pairs.iter().map(|pair| pair.difference).max().unwrap_or(0),
            off_by_more: std::array::from_fn(|level| {
                pairs.iter().map(|pair| pair.off_by_more[level]).sum::<f64>() / count
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_pair_is_found_and_equal_pictures_count_100_db() {
        let flat = |value| Picture { channels: 1, height: 12, width: 12, pixels: vec![value; 144] };
        let pairs = [(5, 5), (5, 15), (5, 6)].map(|(a, b)| Pair::of(&flat(a), &flat(b)));
        let fidelity = Fidelity::of(&pairs);
        assert_eq!((fidelity.pictures, fidelity.worst, fidelity.largest_difference), (3, 1, 10));
        assert_eq!(worst_first(&pairs), [1, 2, 0]);
        assert!((fidelity.psnr_worst - 28.1308).abs() < 1e-4);
        assert!((fidelity.psnr_mean - (100.0 + 28.1308 + 48.1308) / 3.0).abs() < 1e-4);
        assert!(fidelity.ssim_worst.unwrap() < fidelity.ssim_mean.unwrap());
        // Off by 0, 10 and 1; and one pixel of a quarter.
        assert_eq!(fidelity.off_by_more, [1.0 / 3.0; 4]);
        let mut one = flat(5);
        one.pixels[..36].fill(8);
        assert_eq!(Fidelity::of(&[Pair::of(&flat(5), &one)]).off_by_more, [0.25, 0.25, 0.0, 0.0]);
    }
}
