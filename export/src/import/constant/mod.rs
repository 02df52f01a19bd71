//! Tensors that do not depend on the latent: [`compute`] computes nodes whose inputs are all constants, with
//! [`evaluate`] where tract does the arithmetic; [`per_channel`] makes a constant the numbers of a layer's channels.

pub(crate) mod compute;
pub(crate) mod evaluate;
pub(crate) mod per_channel;
pub(crate) mod tensor;
