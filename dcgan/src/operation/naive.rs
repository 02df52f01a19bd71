//! The definition of all three convolutions, product by product: what the others are tested against.

use super::geometry::{Geometry, Map};

impl Map {
    /// Number of elements.
    fn len(self) -> usize {
        self.places() * self.channels
    }
}

/// Calls `each` with the indices of a big element, a small element and a weight for every product of `n` pictures.
fn products(geometry: &Geometry, n: usize, mut each: impl FnMut(usize, usize, usize)) {
    let Geometry { big, small, kernel, stride, padding } = *geometry;
    let inside = |position: usize| position.checked_sub(padding).filter(|it| *it < big.size);
    for picture in 0..n {
        for (row, column) in pairs(small.size) {
            for (y, x) in pairs(kernel) {
                let at = (inside(row * stride + y), inside(column * stride + x));
                let (Some(big_row), Some(big_column)) = at else { continue };
                for c in 0..big.channels {
                    for o in 0..small.channels {
                        let b = (big_row * big.size + big_column) * n + picture;
                        let s = (row * small.size + column) * n + picture;
                        let w = ((o * big.channels + c) * kernel + y) * kernel + x;
                        each(b * big.channels + c, s * small.channels + o, w);
                    }
                }
            }
        }
    }
}

fn pairs(len: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..len).flat_map(move |i| (0..len).map(move |j| (i, j)))
}

/// The small maps of the `big` ones.
pub(super) fn down(geometry: &Geometry, big: &[f32], weights: &[f32]) -> Vec<f64> {
    let n = big.len() / geometry.big.len();
    let mut small = vec![0.0; n * geometry.small.len()];
    products(geometry, n, |b, s, w| small[s] += f64::from(big[b]) * f64::from(weights[w]));
    small
}

/// The big maps of the `small` ones.
pub(super) fn up(geometry: &Geometry, small: &[f32], weights: &[f32]) -> Vec<f64> {
    let n = small.len() / geometry.small.len();
    let mut big = vec![0.0; n * geometry.big.len()];
    products(geometry, n, |b, s, w| big[b] += f64::from(small[s]) * f64::from(weights[w]));
    big
}

/// The gradient of the weights of both.
pub(super) fn weight_gradient(geometry: &Geometry, big: &[f32], small: &[f32]) -> Vec<f64> {
    let mut gradient = vec![0.0; geometry.weights()];
    let n = big.len() / geometry.big.len();
    products(geometry, n, |b, s, w| gradient[w] += f64::from(big[b]) * f64::from(small[s]));
    gradient
}

#[cfg(test)]
mod tests {
    use super::super::{down, up, weight_gradient};
    use super::*;
    use crate::random::{Purpose, normal};

    /// Geometries of the networks, and others with what these do not have.
    fn geometries() -> Vec<Geometry> {
        let geometry = |big: [usize; 2], small: [usize; 2], kernel, stride, padding| {
            let [big, small] = [big, small].map(|[size, channels]| Map { size, channels });
            Geometry { big, small, kernel, stride, padding }
        };
        vec![
            geometry([8, 3], [4, 5], 4, 2, 1),
            geometry([7, 17], [3, 9], 5, 2, 2),
            geometry([4, 33], [1, 20], 4, 1, 0),
            geometry([5, 2], [5, 70], 1, 1, 0),
            geometry([8, 16], [4, 64], 4, 2, 1),
            geometry([28, 1], [14, 32], 4, 2, 1),
            geometry([14, 24], [7, 48], 5, 2, 2),
            // The last row and column meet no kernel.
            geometry([7, 3], [2, 4], 3, 3, 0),
            geometry([7, 3], [3, 4], 4, 2, 1),
            geometry([1, 128], [1, 1], 1, 1, 0),
        ]
    }

    #[test]
    fn convolutions_are_their_definition() {
        for geometry in geometries() {
            let Geometry { big, small, .. } = geometry;
            // The second number of pictures is more than one task has.
            for n in [1, 7, 70] {
                let numbers = |seed, len| normal(seed, Purpose::Order, n as u64, len);
                let (x, y) = (numbers(1, n * big.len()), numbers(2, n * small.len()));
                let weights = numbers(3, geometry.weights());
                let pairs = [
                    (down::down(&geometry, n, &x, &weights), super::down(&geometry, &x, &weights)),
                    (up::up(&geometry, n, &y, &weights), super::up(&geometry, &y, &weights)),
                    (
                        weight_gradient::weight_gradient(&geometry, n, &x, &y),
                        super::weight_gradient(&geometry, &x, &y),
                    ),
                ];
                for (index, (found, expected)) in pairs.iter().enumerate() {
                    let largest = expected.iter().fold(0.0_f64, |most, it| most.max(it.abs()));
                    assert_eq!(found.len(), expected.len());
                    for (found, expected) in found.iter().zip(expected) {
                        let far = (f64::from(*found) - expected).abs();
                        assert!(
                            far <= 2e-6 * largest,
                            "{index} of {geometry:?}: {found} {expected}"
                        );
                    }
                }
            }
        }
    }
}
