//! From nodes to the chain of layers: Gemm and convolution become layers, and what their inputs select,
//! repeat or pad of the layer before becomes geometry.

pub(crate) mod chain;
pub(crate) mod convolution;
pub(crate) mod cut;
pub(crate) mod dense;
pub(crate) mod fit;
pub(crate) mod kernel;
pub(crate) mod on_map;
pub(crate) mod spread;
