//! Copies numbers into tensors and out of them.

use burn::tensor::{Device, Tensor, TensorData};

/// 8-bit pictures of `size` rows and columns scaled to [−1, 1], as the networks expect them, shape `[n, size, size,
/// channels]`. Each of `pictures` has one channel after the other.
pub fn pictures<'a>(
    pictures: impl Iterator<Item = &'a [u8]>,
    size: usize,
    channels: usize,
    device: &Device,
) -> Tensor<4> {
    let plane = size * size;
    let pixels = pictures
        .flat_map(|it| (0..plane).flat_map(move |i| (0..channels).map(move |c| it[c * plane + i])));
    let values: Vec<f32> = pixels.map(|pixel| f32::from(pixel) / 127.5 - 1.0).collect();
    let shape = [values.len() / (plane * channels), size, size, channels];
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// All values of a tensor in row-major order.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().expect("they were just made f32")
}
