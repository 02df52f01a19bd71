//! Finds the training pictures nearest to generated ones, to tell whether a generator memorised its data.

use export::picture::Planes;
use rayon::prelude::*;

use crate::data::Dataset;

/// The nearest picture of the data for each of several pictures.
pub struct Neighbours {
    /// Index in the data of each picture's nearest neighbour.
    pub indices: Vec<usize>,
    /// Root mean square difference of each pair's pixels, in grey levels.
    pub distances: Vec<f64>,
}

impl Neighbours {
    /// Median distance, in grey levels.
    pub fn median(&self) -> f64 {
        let mut distances = self.distances.clone();
        distances.sort_by(f64::total_cmp);
        distances.get(distances.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Finds the picture of `dataset` with the smallest pixel-wise distance to each of `pictures`. `own`: for a
/// picture that is itself one of the data, its index, which is skipped; `None` otherwise.
pub fn nearest(dataset: &Dataset, pictures: &[Planes], own: &[Option<usize>]) -> Neighbours {
    let find = |(picture, own): (&Planes, &Option<usize>)| {
        let len = picture.pixels.len();
        let others = dataset.pixels.chunks_exact(len).enumerate();
        let others = others.filter(|&(other, _)| *own != Some(other));
        let distance = |pixels: &[u8]| -> u64 {
            let pairs = pixels.iter().zip(&picture.pixels);
            pairs.map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum()
        };
        let nearest = others.map(|(other, pixels)| (distance(pixels), other)).min();
        let (squares, other) = nearest.unwrap_or((u64::MAX, 0));
        (other, (squares as f64 / len as f64).sqrt())
    };
    let (indices, distances) = pictures.par_iter().zip(own).map(find).unzip();
    Neighbours { indices, distances }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixel_by_pixel() {
        let pixels = vec![0, 0, 0, 0, 10, 10, 10, 10, 200, 0, 0, 0];
        let dataset =
            Dataset { name: "three".into(), channels: 1, size: 2, pixels, attributes: vec![] };
        let made = Planes { channels: 1, height: 2, width: 2, pixels: vec![8, 8, 8, 2] };
        let found = nearest(&dataset, &[made, dataset.picture(1)], &[None, Some(1)]);
        assert_eq!(found.indices, [1, 0]);
        // (2² + 2² + 2² + 8²) / 4 = 19.
        assert_eq!(found.distances, [19_f64.sqrt(), 10.0]);
        assert_eq!(found.median(), 10.0);
    }
}
