//! Minibatch discrimination (Salimans et al. 2016, arXiv 1606.03498, section 3.2). The discriminator compares
//! the pictures of a batch, and so detects a generator that always draws the same picture.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::init::Weights;

/// Number of comparisons (the paper's B).
pub const KERNELS: usize = 16;
/// Numbers that each comparison looks at (the paper's C).
pub const NUMBERS: usize = 8;

/// Compares the features of a batch's pictures and adds to their logits.
#[derive(Module, Debug)]
pub struct Minibatch {
    /// Projection of the features, `[features, KERNELS · NUMBERS]`: the paper's T.
    pub compared: Param<Tensor<2>>,
    /// Weight of each comparison's similarity in the logit, `[KERNELS, 1]`.
    pub weights: Param<Tensor<2>>,
}

impl Minibatch {
    /// Untrained minibatch discrimination for `features` features.
    pub fn new(features: usize, weights: &mut Weights) -> Self {
        let compared = weights.draw([features, KERNELS * NUMBERS]);
        Self { compared, weights: weights.draw([KERNELS, 1]) }
    }

    /// The term to add to each logit, `[n]`, from features of shape `[n, features]`.
    pub fn forward(&self, features: Tensor<2>) -> Tensor<1> {
        let [n, _] = features.dims();
        let m = features.matmul(self.compared.val());
        let one: Tensor<4> = m.clone().reshape([n, 1, KERNELS, NUMBERS]);
        let other: Tensor<4> = m.reshape([1, n, KERNELS, NUMBERS]);
        let distance = (one - other).abs().sum_dim(3);
        // Each sum includes the picture's similarity to itself, exp(0) = 1, which carries no information.
        let likeness = distance.neg().exp().sum_dim(1).reshape([n, KERNELS]).sub_scalar(1.0);
        likeness.matmul(self.weights.val()).reshape([n])
    }
}
