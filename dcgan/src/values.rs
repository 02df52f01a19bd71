//! Copies numbers into tensors and out of them.

use burn::tensor::{Device, Tensor, TensorData};
use export::picture::Planes;
use rayon::prelude::*;

/// 8-bit pictures of one size scaled to [−1, 1], as the networks expect them, shape `[n, rows, columns, channels]`. There
/// must be at least one.
pub fn pictures(pictures: &[Planes], device: &Device) -> Tensor<4> {
    let Planes { channels, height, width, .. } = pictures[0];
    let len = height * width * channels;
    let mut values = vec![0.0; pictures.len() * len];
    values.par_chunks_mut(len).zip(pictures).for_each(|(values, picture)| {
        for channel in 0..channels {
            let to = values[channel..].iter_mut().step_by(channels);
            to.zip(picture.plane(channel)).for_each(|(to, it)| *to = f32::from(*it) / 127.5 - 1.0);
        }
    });
    Tensor::from_data(TensorData::new(values, [pictures.len(), height, width, channels]), device)
}

/// All values of a tensor in row-major order.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().expect("they were just made f32")
}
