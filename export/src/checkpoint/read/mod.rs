//! Readers of the file formats: each gives a checkpoint's named tensors.

pub(crate) mod foreign;
pub(crate) mod hdf5;
pub(crate) mod keras;
mod pickle;
pub(crate) mod safetensors;
pub(crate) mod torch;
