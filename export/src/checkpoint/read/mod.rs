//! Trained weights out of each file format, as named tensors.

pub(crate) mod hdf5;
pub(crate) mod keras;
pub(crate) mod safetensors;
pub(crate) mod torch;
