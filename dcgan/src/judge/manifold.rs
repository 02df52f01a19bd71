//! How much of the data generated pictures cover, and how many of them lie among it.
//!
//! A *neighbourhood* of a picture reaches to its [`NEAREST`]-th nearest among the pictures of its own set, by their
//! features. *source*: precision and recall as Kynkäänniemi et al. 2019 (arXiv 1904.06991), density and coverage as
//! Naeem et al. 2020 (arXiv 2002.09797).

use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;
use serde::Serialize;

/// Which of the nearest pictures ends a neighbourhood.
const NEAREST: usize = 5;
/// Pictures whose distances to all others are in memory at once, for each thread.
const BLOCK: usize = 64;

/// Fidelity and variety of generated pictures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Manifold {
    /// Fraction of the generated pictures within the neighbourhood of a real one: 0…1.
    pub precision: f64,
    /// Fraction of the real pictures within the neighbourhood of a generated one: 0…1.
    pub recall: f64,
    /// Mean number of real neighbourhoods that a generated picture lies in, as a multiple of what is expected if both
    /// kinds are alike: it may exceed 1.
    pub density: f64,
    /// Fraction of the real pictures with a generated one in their neighbourhood: 0…1.
    pub coverage: f64,
}

/// The features of some pictures and the squared radii of their neighbourhoods.
pub(super) struct Set {
    features: Vec<f32>,
    width: usize,
    radii: Vec<f32>,
}

impl Set {
    /// The set with `features`, `width` of each picture.
    pub(super) fn new(features: Vec<f32>, width: usize) -> Self {
        let radii = distances(&features, &features, width, |_, row| {
            let mut row = row.to_vec();
            // The nearest of all is the picture itself.
            let nearest = NEAREST.min(row.len() - 1);
            *row.select_nth_unstable_by(nearest, f32::total_cmp).1
        });
        Self { features, width, radii }
    }

    /// Compares the set of real pictures with that of `drawn` ones.
    pub(super) fn compare(&self, drawn: &Self) -> Manifold {
        let inside = |row: &[f32], radii: &[f32]| {
            row.iter().zip(radii).filter(|(distance, radius)| distance <= radius).count()
        };
        let of_drawn = distances(&drawn.features, &self.features, self.width, |_, row| {
            inside(row, &self.radii)
        });
        let of_real = distances(&self.features, &drawn.features, self.width, |index, row| {
            let nearest = row.iter().copied().fold(f32::INFINITY, f32::min);
            (inside(row, &drawn.radii) > 0, nearest <= self.radii[index])
        });
        let share = |count: usize, all: usize| count as f64 / all as f64;
        let neighbourhoods: usize = of_drawn.iter().sum();
        Manifold {
            precision: share(of_drawn.iter().filter(|it| **it > 0).count(), of_drawn.len()),
            recall: share(of_real.iter().filter(|it| it.0).count(), of_real.len()),
            density: share(neighbourhoods, NEAREST * of_drawn.len()),
            coverage: share(of_real.iter().filter(|it| it.1).count(), of_real.len()),
        }
    }
}

/// For each picture of `from`, what `of` makes of its index and of its squared distances to all of `to`.
fn distances<T: Send>(
    from: &[f32],
    to: &[f32],
    width: usize,
    of: impl Fn(usize, &[f32]) -> T + Sync,
) -> Vec<T> {
    let rows = |numbers: &[f32]| -> Vec<f32> {
        numbers.chunks_exact(width).map(|row| row.iter().map(|x| x * x).sum()).collect()
    };
    let all = ArrayView2::from_shape((to.len() / width, width), to).expect("whole rows");
    let squares = rows(to);
    let blocks = from.par_chunks(BLOCK * width).enumerate().flat_map_iter(|(block, from)| {
        let some = ArrayView2::from_shape((from.len() / width, width), from).expect("whole rows");
        let products = some.dot(&all.t());
        let found: Vec<T> = rows(from)
            .into_iter()
            .zip(products.axis_iter(Axis(0)))
            .enumerate()
            .map(|(index, (own, products))| {
                let squared = products.iter().zip(&squares).map(|(xy, y)| own + y - 2.0 * xy);
                of(block * BLOCK + index, &squared.collect::<Vec<f32>>())
            })
            .collect();
        found
    });
    blocks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, normal};

    const WIDTH: usize = 8;

    fn set(seed: u64, change: impl Fn(f32) -> f32) -> Set {
        let features = normal(seed, Purpose::Order, 0, 1000 * WIDTH);
        Set::new(features.into_iter().map(change).collect(), WIDTH)
    }

    /// With as many pictures of the same kind, the coverage is 1 − C(n − k, n) / C(2n, n) ≈ 1 − 2⁻ᵏ (Naeem et al.,
    /// lemma 2), and the density 1.
    #[test]
    fn sets_of_one_kind_cover_each_other() {
        let found = set(1, |x| x).compare(&set(2, |x| x));
        assert!((found.coverage - (1.0 - 0.5_f64.powi(5))).abs() < 0.02, "{found:?}");
        assert!((found.density - 1.0).abs() < 0.1, "{found:?}");
        assert!(
            found.precision > 0.6 && (found.precision - found.recall).abs() < 0.06,
            "{found:?}"
        );
    }

    #[test]
    fn fidelity_and_variety_are_told_apart() {
        let real = set(1, |x| x);
        // Half as far apart: all lie among the real ones, and leave many of them alone.
        let narrow = real.compare(&set(2, |x| x / 2.0));
        assert!(narrow.precision > 0.95 && narrow.density > 1.5, "{narrow:?}");
        assert!(narrow.recall < 0.3 && narrow.coverage < 0.9, "{narrow:?}");
        let wide = real.compare(&set(2, |x| 2.0 * x));
        assert!(wide.precision < 0.3 && wide.recall > 0.8, "{wide:?}");
        let apart = real.compare(&set(2, |x| x + 9.0));
        let nothing = Manifold { precision: 0.0, recall: 0.0, density: 0.0, coverage: 0.0 };
        assert_eq!(apart, nothing);
    }

    #[test]
    fn distances_are_squares() {
        let (from, to) = ([0.0, 0.0, 3.0, 4.0], [3.0, 4.0, 0.0, 1.0, 0.0, 0.0]);
        let found = distances(&from, &to, 2, |index, row| (index, row.to_vec()));
        assert_eq!(found, [(0, vec![25.0, 1.0, 0.0]), (1, vec![0.0, 18.0, 25.0])]);
    }
}
