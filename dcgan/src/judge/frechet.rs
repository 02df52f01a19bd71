//! The Fréchet distance between two sets of features, each taken for a Gaussian.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Mean and covariance of features.
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
}

impl Gaussian {
    /// The Gaussian of `rows`, at least two, each `width` features.
    pub fn of(rows: &[f32], width: usize) -> Self {
        let count = rows.len() / width;
        let features = DMatrix::from_row_iterator(count, width, rows.iter().map(|&x| f64::from(x)));
        let mean = features.row_mean();
        let mut centred = features;
        for mut row in centred.row_iter_mut() {
            row -= &mean;
        }
        let covariance = centred.tr_mul(&centred) / (count - 1) as f64;
        Self { mean: mean.transpose(), covariance }
    }

    /// The squared Fréchet (2-Wasserstein) distance of Dowson and Landau 1982, as Heusel et al.
    /// 2017 (arXiv 1706.08500) use it: |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁C₂)^½). The trace of that
    /// root is the sum of the roots of the eigenvalues of C₁^½ C₂ C₁^½, which is symmetric.
    pub fn distance(&self, other: &Self) -> f64 {
        let root = root(&self.covariance);
        let product = &root * &other.covariance * &root;
        let product = (&product + product.transpose()) * 0.5;
        let eigenvalues = SymmetricEigen::new(product).eigenvalues;
        let cross: f64 = eigenvalues.iter().map(|&value| value.max(0.0).sqrt()).sum();
        let between = (&self.mean - &other.mean).norm_squared();
        (between + self.covariance.trace() + other.covariance.trace() - 2.0 * cross).max(0.0)
    }
}

/// The symmetric root of a matrix without negative eigenvalues, but for rounding.
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
            covariance: DMatrix::from_row_slice(n, n, covariance),
        }
    }

    #[test]
    fn of_samples() {
        let found = Gaussian::of(&[1.0, 2.0, 3.0, 6.0, 5.0, 1.0], 2);
        assert_eq!(found.mean, DVector::from_row_slice(&[3.0, 3.0]));
        assert_eq!(found.covariance, DMatrix::from_row_slice(2, 2, &[4.0, -1.0, -1.0, 7.0]));
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
