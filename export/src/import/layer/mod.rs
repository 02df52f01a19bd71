//! From nodes to the chain of layers.
//!
//! - [`chain`]: the layers so far
//! - [`dense`], [`convolution`] with its [`kernel`]: nodes that become layers
//! - [`point`], [`on_map`]: layers that read a single pixel, or a map; [`prepare`](mod@prepare), [`fit`]: how the input
//!   of such a layer lies in the layer before
//! - [`together`]: epilogues of two layers as one

pub(crate) mod chain;
pub(crate) mod convolution;
pub(crate) mod dense;
pub(crate) mod fit;
pub(crate) mod kernel;
pub(crate) mod on_map;
pub(crate) mod point;
pub(crate) mod prepare;
pub(crate) mod together;
