//! From nodes to the chain of layers.
//!
//! - [`chain`]: the layers so far
//! - [`dense`], [`convolution`] with [`geometry`] and [`kernel`]: nodes that become layers
//! - [`point`], [`on_map`]: layers that read a single pixel, or a map; [`fit`], [`spread`], [`cut`]: how the input of
//!   such a layer lies in the layer before
//! - [`together`]: epilogues of two layers as one

pub(crate) mod chain;
pub(crate) mod convolution;
pub(crate) mod cut;
pub(crate) mod dense;
pub(crate) mod fit;
pub(crate) mod geometry;
pub(crate) mod kernel;
pub(crate) mod on_map;
pub(crate) mod point;
pub(crate) mod spread;
pub(crate) mod together;
