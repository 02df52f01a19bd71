//! Minibatch discrimination (Salimans et al. 2016, arXiv 1606.03498, section 3.2): a generator that
//! draws one picture again and again is found out, because its pictures are compared.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::init::Weights;

/// Comparisons that are made, and numbers in each.
pub const KERNELS: usize = 16;
/// See [`KERNELS`].
pub const NUMBERS: usize = 8;

/// Compares the features of a batch's pictures and adds to their logits.
#[derive(Module, Debug)]
pub struct Minibatch {
    /// From features to what is compared, `[features, KERNELS · NUMBERS]`: the paper's T.
    pub compared: Param<Tensor<2>>,
    /// What a picture's likeness to the others counts, `[KERNELS, 1]`.
    pub weights: Param<Tensor<2>>,
}

impl Minibatch {
    /// A comparison before its training.
    pub fn new(features: usize, weights: &mut Weights) -> Self {
        let compared = weights.draw([features, KERNELS * NUMBERS]);
        Self { compared, weights: weights.draw([KERNELS, 1]) }
    }

    /// What to add to the logits, `[n]`, by features of shape `[n, features]`.
    pub fn forward(&self, features: Tensor<2>) -> Tensor<1> {
        let [n, _] = features.dims();
        let m = features.matmul(self.compared.val());
        let one: Tensor<4> = m.clone().reshape([n, 1, KERNELS, NUMBERS]);
        let other: Tensor<4> = m.reshape([1, n, KERNELS, NUMBERS]);
        let distance = (one - other).abs().sum_dim(3);
        // A picture is like itself: that 1 says nothing, and is taken off.
        let likeness = distance.neg().exp().sum_dim(1).reshape([n, KERNELS]).sub_scalar(1.0);
        likeness.matmul(self.weights.val()).reshape([n])
    }
}
