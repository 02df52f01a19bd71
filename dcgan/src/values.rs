//! Copies numbers into tensors and out of them.

use burn::tensor::{Device, Tensor, TensorData};

/// 8-bit pixels scaled to [−1, 1], as the networks expect them, shape `[n, channels, height, width]`.
pub fn pictures<'a>(
    pixels: impl Iterator<Item = &'a u8>,
    shape: [usize; 4],
    device: &Device,
) -> Tensor<4> {
    let values: Vec<f32> = pixels.map(|&p| f32::from(p) / 127.5 - 1.0).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// All values of a tensor in row-major order.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().expect("they were just made f32")
}
