//! Fidelity: PSNR, SSIM and differences over many pairs of pictures.

use crate::picture::Planes;
use crate::picture::psnr::psnr;
use crate::picture::ssim::ssim;
use serde::Serialize;

/// PSNR, SSIM and differences over many pairs of pictures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fidelity {
    /// Number of pairs compared.
    pub pictures: usize,
    /// Mean PSNR, in dB. A pair of equal pictures counts as 100 dB.
    pub psnr_mean: f64,
    /// PSNR of the worst pair, in dB.
    pub psnr_worst: f64,
    /// Index of the pair with the worst PSNR.
    pub worst: usize,
    /// Mean SSIM; `None` if the pictures are smaller than 11×11.
    pub ssim_mean: Option<f64>,
    /// SSIM of the worst pair.
    pub ssim_worst: Option<f64>,
    /// Largest difference of two pixels.
    pub largest_difference: u8,
    /// Fraction of all pixels that differ by more than each of [`LEVELS`].
    pub off_by_more: [f64; LEVELS.len()],
}

/// Differences, in levels of 0 to 255, beyond which [`Fidelity::off_by_more`] counts pixels.
pub const LEVELS: [u8; 4] = [1, 2, 4, 8];

/// How close one pair of pictures is.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// PSNR in dB, at most 100.
    pub psnr: f64,
    ssim: Option<f64>,
    difference: u8,
    /// Fraction of the pixels that differ by more than each of [`LEVELS`].
    off_by_more: [f64; LEVELS.len()],
}

impl Difference {
    /// Compares two pictures of one size.
    pub fn of(a: &Planes, b: &Planes) -> Self {
        let differences = || a.pixels.iter().zip(&b.pixels).map(|(a, b)| a.abs_diff(*b));
        let beyond = |level| differences().filter(|it| *it > level).count() as f64;
        Self {
            psnr: psnr(a, b),
            ssim: ssim(a, b),
            difference: differences().max().unwrap_or(0),
            off_by_more: LEVELS.map(|level| beyond(level) / a.pixels.len().max(1) as f64),
        }
    }
}

/// Indices of `pairs` by ascending PSNR; pairs of equal PSNR keep their order.
pub fn worst_first(pairs: &[Difference]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|a, b| pairs[*a].psnr.total_cmp(&pairs[*b].psnr));
    order
}

impl Fidelity {
    /// The fidelity over `pairs`.
    ///
    /// # Panics
    ///
    /// If there are no pairs.
    pub fn of(pairs: &[Difference]) -> Self {
        let count = pairs.len() as f64;
        let mean = |of: &dyn Fn(&Difference) -> f64| pairs.iter().map(of).sum::<f64>() / count;
        let worst = worst_first(pairs)[0];
        let ssims: Option<Vec<f64>> = pairs.iter().map(|pair| pair.ssim).collect();
        let ssim_mean = ssims.as_ref().map(|s| s.iter().sum::<f64>() / count);
        let ssim_worst = ssims.map(|s| s.into_iter().fold(1.0, f64::min));
        Self {
            pictures: pairs.len(),
            psnr_mean: mean(&|pair| pair.psnr),
            psnr_worst: pairs[worst].psnr,
            worst,
            ssim_mean,
            ssim_worst,
            largest_difference: pairs.iter().map(|pair| pair.difference).max().unwrap_or(0),
            off_by_more: std::array::from_fn(|level| mean(&|pair| pair.off_by_more[level])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_pair_is_found_and_equal_pictures_count_100_db() {
        let flat = |value| Planes { channels: 1, height: 12, width: 12, pixels: vec![value; 144] };
        let pairs = [(5, 5), (5, 15), (5, 6)].map(|(a, b)| Difference::of(&flat(a), &flat(b)));
        let fidelity = Fidelity::of(&pairs);
        assert_eq!((fidelity.pictures, fidelity.worst, fidelity.largest_difference), (3, 1, 10));
        assert_eq!(worst_first(&pairs), [1, 2, 0]);
        assert!((fidelity.psnr_worst - 28.1308).abs() < 1e-4);
        assert!((fidelity.psnr_mean - (100.0 + 28.1308 + 48.1308) / 3.0).abs() < 1e-4);
        assert!(fidelity.ssim_worst.unwrap() < fidelity.ssim_mean.unwrap());
        // The pairs differ by 0, 10 and 1 in all pixels. Below, a quarter of the pixels differ by 3.
        assert_eq!(fidelity.off_by_more, [1.0 / 3.0; 4]);
        let mut one = flat(5);
        one.pixels[..36].fill(8);
        assert_eq!(
            Fidelity::of(&[Difference::of(&flat(5), &one)]).off_by_more,
            [0.25, 0.25, 0.0, 0.0]
        );
    }
}
