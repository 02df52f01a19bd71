//! Turns a trained generator in ONNX into a `.gen` file for microcontrollers.
//!
//! Each room may use those below it, never those above:
//!
//! | room | what it does |
//! |---|---|
//! | `command` (the binary) | the command line, one file a command |
//! | [`pipeline`] | from an ONNX file to everything that `quantize` writes |
//! | [`report`] | what came of it: sizes, times, errors, whether it fits a board |
//! | [`twin`], [`draw`] | the quantised ONNX; any generator's file as something that draws |
//! | [`import`](mod@import) | a graph becomes a chain of float layers, or is refused by node, operator and attribute |
//! | [`calibrate`](mod@calibrate) | what values tensors take, and the range of each by measured error |
//! | [`quantize`](mod@quantize) | all numbers become integers; overflow is disproved channel by channel |
//! | [`checkpoint`] | trained weights of PyTorch or Keras become an ONNX |
//! | [`network`] | the chain of float layers; BatchNorm and biases folded; its ONNX for tract |
//! | [`latent`] | what goes into a generator: parts, distributions, labels, seeds |
//! | [`onnx`] | ONNX files: read, built, run in tract |
//! | [`picture`] | pictures, the pixel rule, PSNR, SSIM, Fréchet distance |
//! | [`file`](mod@file) | reading files and arrays |

pub mod calibrate;
pub mod checkpoint;
pub mod draw;
pub mod file;
pub mod import;
pub mod latent;
pub mod network;
pub mod onnx;
mod parallel;
pub mod picture;
pub mod pipeline;
pub mod quantize;
pub mod report;
mod text;
pub mod twin;
