//! The labels of a conditional network (Mirza & Osindero 2014, arXiv 1411.1784), as one-hot numbers: 1 at the place of
//! the label, 0 at the places of the others.

use burn::tensor::{Device, Tensor, TensorData};

/// `labels`, each as `count` numbers.
pub fn one_hot(labels: &[usize], count: usize) -> Vec<f32> {
    let places = labels.iter().flat_map(|&label| (0..count).map(move |place| place == label));
    places.map(|is_it| f32::from(u8::from(is_it))).collect()
}

/// One-hot labels as a tensor, `[n, count]`; `None` without labels.
pub fn tensor(one_hot: Vec<f32>, count: usize, device: &Device) -> Option<Tensor<2>> {
    let n = one_hot.len().checked_div(count)?;
    Some(Tensor::from_data(TensorData::new(one_hot, [n, count]), device))
}

/// Latents: of each picture its part of `noise`, then its label of `count`. Without labels, the noise as it is.
pub fn latents(noise: Vec<f32>, labels: &[usize], count: usize) -> Vec<f32> {
    if labels.is_empty() {
        return noise;
    }
    let noise = noise.chunks_exact(noise.len() / labels.len());
    noise.zip(labels).flat_map(|(z, &label)| [z, &one_hot(&[label], count)].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_follow_the_noise() {
        let latents = |labels: &[usize]| latents(vec![0.1, 0.2, 0.3, 0.4], labels, 3);
        assert_eq!(latents(&[2, 0]), [0.1, 0.2, 0.0, 0.0, 1.0, 0.3, 0.4, 1.0, 0.0, 0.0]);
        assert_eq!(latents(&[]), [0.1, 0.2, 0.3, 0.4]);
    }
}
