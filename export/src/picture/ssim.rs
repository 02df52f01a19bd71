//! Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004).

use crate::picture::Planes;

/// Side of the Gaussian window, in pixels.
const WINDOW: usize = 11;
/// Standard deviation of the Gaussian window, in pixels.
const SIGMA: f64 = 1.5;

/// Mean structural similarity of two pictures; 1 if they are equal, `None` if they are smaller than a window.
///
/// Windows are 11×11 Gaussians of σ 1.5 that lie within the picture, constants are 0.01 and 0.03 of the range 255,
/// covariances are population covariances, and channels are averaged.
///
/// *exact*: scikit-image's `structural_similarity(…, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
/// data_range=255)` within 1e-12.
///
/// # Panics
///
/// If the pictures differ in size.
pub fn ssim(a: &Planes, b: &Planes) -> Option<f64> {
    assert_eq!((a.channels, a.height, a.width), (b.channels, b.height, b.width), "one size");
    if a.height < WINDOW || a.width < WINDOW {
        return None;
    }
    let channels = (0..a.channels).map(|c| channel(a.plane(c), b.plane(c), a.width));
    Some(channels.sum::<f64>() / a.channels as f64)
}

/// Mean structural similarity of one channel, in rows of `width`.
fn channel(a: &[u8], b: &[u8], width: usize) -> f64 {
    let blurred = |f: &dyn Fn(f64, f64) -> f64| {
        let values: Vec<f64> =
            a.iter().zip(b).map(|(&a, &b)| f(f64::from(a), f64::from(b))).collect();
        blur(&values, width)
    };
    let (mean_a, mean_b) = (blurred(&|a, _| a), blurred(&|_, b| b));
    let (aa, bb, ab) = (blurred(&|a, _| a * a), blurred(&|_, b| b * b), blurred(&|a, b| a * b));
    let [c1, c2] = [0.01, 0.03].map(|part: f64| (part * 255.0) * (part * 255.0));
    let similarity = (0..aa.len()).map(|i| {
        let (ma, mb) = (mean_a[i], mean_b[i]);
        let (va, vb, cov) = (aa[i] - ma * ma, bb[i] - mb * mb, ab[i] - ma * mb);
        (2.0 * ma * mb + c1) * (2.0 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    });
    similarity.sum::<f64>() / aa.len() as f64
}

/// Gaussian means of all windows that lie within a map, in rows of `width`.
fn blur(values: &[f64], width: usize) -> Vec<f64> {
    let bell = |i: usize| {
        let distance = (i as f64 - (WINDOW / 2) as f64) / SIGMA;
        libm::exp(-0.5 * distance * distance)
    };
    let sum: f64 = (0..WINDOW).map(bell).sum();
    let kernel: [f64; WINDOW] = std::array::from_fn(|i| bell(i) / sum);
    let mean = |window: &mut dyn Iterator<Item = f64>| -> f64 {
        kernel.iter().zip(window).map(|(k, v)| k * v).sum()
    };
    let across: Vec<f64> = values
        .chunks_exact(width)
        .flat_map(|row| row.windows(WINDOW).map(|window| mean(&mut window.iter().copied())))
        .collect();
    let width = width - WINDOW + 1;
    (0..across.len() - (WINDOW - 1) * width)
        .map(|at| mean(&mut (0..WINDOW).map(|i| across[at + i * width])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of pseudo-random pixels.
    fn noise(channels: usize, height: usize, width: usize, seed: u32) -> Planes {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let pixels = (0..channels * height * width).map(|_| next()).collect();
        Planes { channels, height, width, pixels }
    }

    #[test]
    fn equal_pictures_are_1_and_small_ones_nothing() {
        let picture = noise(3, 12, 14, 1);
        assert!((ssim(&picture, &picture).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(ssim(&noise(1, 10, 20, 1), &noise(1, 10, 20, 2)), None);
    }

    /// The expected values are from scikit-image, see [`ssim`].
    #[test]
    fn equals_scikit_image() {
        for (channels, height, width, expected) in EXPECTED {
            let a = noise(channels, height, width, 1);
            let mut b = noise(channels, height, width, 2);
            for (b, a) in b.pixels.iter_mut().zip(&a.pixels) {
                *b = ((u32::from(*b) + 3 * u32::from(*a)) / 4) as u8;
            }
            let got = ssim(&a, &b).unwrap();
            assert!((got - expected).abs() < 1e-12, "{got}");
        }
    }

    const EXPECTED: [(usize, usize, usize, f64); 3] = [
        (1, 11, 11, 0.898_266_963_541_462),
        (1, 28, 28, 0.914_977_606_279_540),
        (3, 32, 20, 0.919_210_203_554_991),
    ];
}
