//! Tensors that do not depend on the latent: computed here, node by node.

pub(crate) mod evaluate;
pub(crate) mod numbers;
pub(crate) mod tensor;
