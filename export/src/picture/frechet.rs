//! The Fréchet distance between two sets of features, each approximated by a Gaussian.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Mean and covariance of features.
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: DVector<f64>,
    /// Factor F of the covariance C = F·Fᵀ. It has a column per picture or per feature, whichever are fewer.
    factor: DMatrix<f64>,
}

impl Gaussian {
    /// The Gaussian of `rows`, at least two, of `width` features each.
    pub fn of(rows: &[f32], width: usize) -> Self {
        let count = rows.len() / width;
        let mut centred = DMatrix::from_iterator(width, count, rows.iter().map(|&x| f64::from(x)));
        let mean = centred.column_mean();
        for mut column in centred.column_iter_mut() {
            column -= &mean;
        }
        centred /= ((count - 1) as f64).sqrt();
        let factor = if count <= width { centred } else { root(&(&centred * centred.transpose())) };
        Self { mean, factor }
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        self.mean.len()
    }

    /// The squared Fréchet (2-Wasserstein) distance of Dowson and Landau 1982, as Heusel et al.
    /// 2017 (arXiv 1706.08500) use it: |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁C₂)^½). With C = F·Fᵀ the trace of that root is
    /// the sum of the singular values of F₁ᵀ·F₂, since C₁C₂ has the eigenvalues of (F₁ᵀF₂)·(F₁ᵀF₂)ᵀ.
    pub fn distance(&self, other: &Self) -> f64 {
        let cross = self.factor.tr_mul(&other.factor).singular_values().sum();
        let traces = self.factor.norm_squared() + other.factor.norm_squared();
        let between = (&self.mean - &other.mean).norm_squared();
        (between + traces - 2.0 * cross).max(0.0)
    }
}

/// The symmetric square root of a positive semidefinite matrix. Eigenvalues that rounding made negative count as 0.
fn root(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(matrix.clone());
    let roots = DMatrix::from_diagonal(&eigenvalues.map(|value| value.max(0.0).sqrt()));
    &eigenvectors * roots * eigenvectors.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaussian(mean: &[f64], covariance: &[f64]) -> Gaussian {
        let n = mean.len();
        Gaussian {
            mean: DVector::from_row_slice(mean),
            factor: root(&DMatrix::from_row_slice(n, n, covariance)),
        }
    }

    /// Covariances are right with more pictures than features, and with fewer.
    #[test]
    fn of_samples() {
        let covariance =
            |of: &Gaussian| (&of.factor * of.factor.transpose()).map(|x| (x * 1e9).round() / 1e9);
        let found = Gaussian::of(&[1.0, 2.0, 3.0, 6.0, 5.0, 1.0], 2);
        assert_eq!(found.mean, DVector::from_row_slice(&[3.0, 3.0]));
        assert_eq!(covariance(&found), DMatrix::from_row_slice(2, 2, &[4.0, -1.0, -1.0, 7.0]));
        let found = Gaussian::of(&[1.0, 2.0, 3.0, 3.0, 6.0, 3.0], 3);
        assert_eq!(found.mean, DVector::from_row_slice(&[2.0, 4.0, 3.0]));
        let expected = [2.0, 4.0, 0.0, 4.0, 8.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(covariance(&found), DMatrix::from_row_slice(3, 3, &expected));
        assert_eq!(found.factor.ncols(), 2);
    }

    /// With more features than pictures, the distance equals the one computed from the covariances.
    #[test]
    fn few_pictures_are_as_far_apart_as_their_covariances() {
        let rows = |seed: u32| -> Vec<f32> {
            (0..8 * 6)
                .map(|i: u32| ((i + seed).wrapping_mul(2_654_435_761) >> 20) as f32 / 512.0)
                .collect()
        };
        let [a, b] = [1, 77].map(|seed| Gaussian::of(&rows(seed), 8));
        let whole = |of: &Gaussian| Gaussian {
            mean: of.mean.clone(),
            factor: root(&(&of.factor * of.factor.transpose())),
        };
        let (found, expected) = (a.distance(&b), whole(&a).distance(&whole(&b)));
        assert!(found > 1.0 && (found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
        assert!(a.distance(&a) < 1e-9);
    }

    #[test]
    fn by_the_formula() {
        // Diagonal: |μ₁ − μ₂|² + Σ (σ₁ − σ₂)².
        let a = gaussian(&[0.0, 0.0], &[4.0, 0.0, 0.0, 9.0]);
        let b = gaussian(&[3.0, 4.0], &[1.0, 0.0, 0.0, 25.0]);
        assert!((a.distance(&b) - (25.0 + 1.0 + 4.0)).abs() < 1e-9);
        assert!(a.distance(&a) < 1e-9);
        // 2×2: tr √M = √(tr M + 2 √det M), with tr C₁C₂ = 7 and det C₁C₂ = 35/4.
        let expected = 8.0 - 2.0 * (7.0 + 2.0 * 8.75_f64.sqrt()).sqrt();
        let a = gaussian(&[0.0, 0.0], &[2.0, 1.0, 1.0, 3.0]);
        let b = gaussian(&[0.0, 0.0], &[1.0, -0.5, -0.5, 2.0]);
        assert!((a.distance(&b) - expected).abs() < 1e-9, "{}", a.distance(&b));
        assert!((b.distance(&a) - expected).abs() < 1e-9);
    }

    #[test]
    fn features_that_are_always_0() {
        let a = gaussian(&[0.0, 1.0], &[0.0, 0.0, 0.0, 1.0]);
        let b = gaussian(&[0.0, 1.0], &[0.0, 0.0, 0.0, 4.0]);
        assert!((a.distance(&b) - 1.0).abs() < 1e-9);
    }
}
