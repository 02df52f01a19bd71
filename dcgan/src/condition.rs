//! The classes that a conditional network draws by (Mirza & Osindero 2014, arXiv 1411.1784).

use burn::tensor::{Device, Tensor, TensorData};

/// The class of each of several pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes {
    /// Their classes, counted from 0.
    of: Vec<usize>,
    /// Number of classes that there are.
    count: usize,
}

impl Classes {
    /// Pictures `of` some of `count` classes.
    ///
    /// # Panics
    ///
    /// If there is no such class.
    pub fn new(of: Vec<usize>, count: usize) -> Self {
        assert!(of.iter().all(|class| *class < count), "there are {count} classes");
        Self { of, count }
    }

    /// The class of each picture as numbers: 1 at its place, 0 at the places of the others.
    pub fn one_hot(&self) -> Vec<f32> {
        let places = self.of.iter().flat_map(|class| (0..self.count).map(move |it| it == *class));
        places.map(|is_it| f32::from(u8::from(is_it))).collect()
    }

    /// [`Self::one_hot`] as a tensor, `[pictures, classes]`.
    pub fn tensor(&self, device: &Device) -> Tensor<2> {
        let numbers = TensorData::new(self.one_hot(), [self.of.len(), self.count]);
        Tensor::from_data(numbers, device)
    }

    /// Latents: for each picture its part of `noise`, then its class.
    pub fn latents(&self, noise: &[f32]) -> Vec<f32> {
        let each = noise.len() / self.of.len();
        let numbers = self.one_hot();
        let pairs = noise.chunks_exact(each).zip(numbers.chunks_exact(self.count));
        pairs.flat_map(|(noise, numbers)| [noise, numbers].concat()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_the_noise() {
        let latents = Classes::new(vec![2, 0], 3).latents(&[0.1, 0.2, 0.3, 0.4]);
        assert_eq!(latents, [0.1, 0.2, 0.0, 0.0, 1.0, 0.3, 0.4, 1.0, 0.0, 0.0]);
    }
}
