//! Whether a generator learned its pictures by heart: the training pictures nearest to its own.

use export::picture::Picture;
use rayon::prelude::*;

use crate::data::Dataset;

/// Every picture's nearest one of the data.
pub struct Neighbours {
    /// The index of each picture's neighbour.
    pub indices: Vec<usize>,
    /// Root of the mean squared difference of each pair's pixels, in grey levels.
    pub distances: Vec<f64>,
}

impl Neighbours {
    /// The distance that half of the pictures are nearer than.
    pub fn median(&self) -> f64 {
        let mut distances = self.distances.clone();
        distances.sort_by(f64::total_cmp);
        distances[distances.len() / 2]
    }
}

/// Finds the nearest picture of `dataset` for each of `pictures`, pixel by pixel; a picture's own
/// place in the data, where it is one of them, is to be left out by `own`.
pub fn nearest(dataset: &Dataset, pictures: &[Picture], own: Option<&[usize]>) -> Neighbours {
    let len = pictures[0].pixels.len();
    let find = |(index, picture): (usize, &Picture)| {
        let others = dataset.pixels.chunks_exact(len).enumerate();
        let others = others.filter(|&(other, _)| own.is_none_or(|own| own[index] != other));
        let distance = |pixels: &[u8]| -> u64 {
            let pairs = pixels.iter().zip(&picture.pixels);
            pairs.map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum()
        };
        let nearest = others.map(|(other, pixels)| (distance(pixels), other)).min();
        let (squares, other) = nearest.unwrap_or((u64::MAX, 0));
        (other, (squares as f64 / len as f64).sqrt())
    };
    let (indices, distances) = pictures.par_iter().enumerate().map(find).unzip();
    Neighbours { indices, distances }
}
