//! The DCGAN of Radford, Metz and Chintala 2015 (arXiv 1511.06434): from training pictures to ONNX.
//!
//! - [`data`]: reads training pictures and labels
//! - [`network`], [`preset`]: sizes of the networks and the layers that follow from them
//! - [`generator`], [`discriminator`], [`minibatch`]: the networks as burn modules; [`init`]: their initial
//!   weights
//! - [`operation`]: the convolutions and normalisations of both, on the processor
//! - [`options`], [`trainer`]: one step of the training; [`run`]: a whole training, kept in a directory
//! - [`judge`]: measures how good generated pictures are
//! - [`onnx`]: writes the networks as ONNX; [`rules`]: checks ONNX against the paper's guidelines
//! - [`random`]: seeded random numbers; [`device`]: the burn device; [`values`]: copies numbers into tensors
//!   and back

pub mod condition;
pub mod data;
pub mod device;
pub mod discriminator;
pub mod generator;
pub mod init;
pub mod judge;
pub mod minibatch;
pub mod network;
pub mod onnx;
pub mod operation;
pub mod options;
pub mod preset;
pub mod random;
pub mod rules;
pub mod run;
pub mod trainer;
pub mod values;
