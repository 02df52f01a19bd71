//! Copies numbers into tensors and out of them.

use burn::tensor::{Device, Tensor, TensorData};
use export::picture::Planes;

/// 8-bit pictures of one size scaled to [−1, 1], as the networks expect them, shape `[n, rows, columns, channels]`. There
/// must be at least one.
pub fn pictures(pictures: &[Planes], device: &Device) -> Tensor<4> {
    let Planes { channels, height, width, .. } = pictures[0];
    let pixels = pictures.iter().flat_map(Planes::interleaved);
    let values: Vec<f32> = pixels.map(|pixel| f32::from(pixel) / 127.5 - 1.0).collect();
    Tensor::from_data(TensorData::new(values, [pictures.len(), height, width, channels]), device)
}

/// All values of a tensor in row-major order.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().expect("they were just made f32")
}
