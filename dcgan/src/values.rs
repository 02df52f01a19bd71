//! Numbers out of tensors.

use burn::tensor::Tensor;

/// All values of a tensor, the last dimension's beside each other.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().expect("they were just made f32")
}
