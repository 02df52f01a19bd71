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
}

/// The latents of pictures: the noise of each, then its class. Without `classes`, returns `noise` unchanged.
pub fn latents(noise: Vec<f32>, classes: Option<&Classes>) -> Vec<f32> {
    let Some(classes) = classes else { return noise };
    let each = noise.len() / classes.of.len();
    let numbers = classes.one_hot();
    let pairs = noise.chunks_exact(each).zip(numbers.chunks_exact(classes.count));
    pairs.flat_map(|(noise, numbers)| [noise, numbers].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_the_noise() {
        let noise = vec![0.1, 0.2, 0.3, 0.4];
        let expected = [0.1, 0.2, 0.0, 0.0, 1.0, 0.3, 0.4, 1.0, 0.0, 0.0];
        assert_eq!(latents(noise.clone(), Some(&Classes::new(vec![2, 0], 3))), expected);
        assert_eq!(latents(noise.clone(), None), noise);
    }
}
