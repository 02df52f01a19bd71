//! The DCGAN of Radford, Metz and Chintala 2015 (arXiv 1511.06434), from pictures to ONNX.
//!
//! - [`data`]: pictures to learn from
//! - [`network`], [`preset`]: the networks as numbers; [`generator`], [`discriminator`],
//!   [`minibatch`]: as layers, with their first weights by [`init`]
//! - [`trainer`]: a step of the training, as [`options`] have it; [`run`]: all of them, as a
//!   directory
//! - [`judge`]: how good the pictures are
//! - [`onnx`]: the networks for any other tool; [`rules`]: whether such a file keeps the paper's
//! - [`random`], [`device`], [`values`]: where chance and speed come from, and numbers go

pub mod data;
pub mod device;
pub mod discriminator;
pub mod generator;
pub mod init;
pub mod judge;
pub mod minibatch;
pub mod network;
pub mod onnx;
pub mod options;
pub mod preset;
pub mod random;
pub mod rules;
pub mod run;
pub mod trainer;
pub mod values;
