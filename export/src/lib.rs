//! Turns a trained generator in ONNX into a `.gen` file for microcontrollers.
//!
//! Each module may use those below it, never those above:
//!
//! | module | what it does |
//! |---|---|
//! | `command` (the binary) | the command line, one file per command |
//! | [`pipeline`] | from an ONNX file to everything that `quantize` writes |
//! | [`report`] | the result of an export: sizes, times, fidelity, and whether it fits a board |
//! | [`twin`], [`draw`] | the quantised ONNX; drawing pictures with an ONNX or a `.gen` |
//! | [`import`](mod@import) | a graph becomes a chain of float layers, or is refused with node and operator |
//! | [`calibrate`](mod@calibrate) | the values that tensors take; the range of each with the least error |
//! | [`quantize`](mod@quantize) | floats become integers; each channel is proved free of overflow; the `.gen` file |
//! | [`checkpoint`] | a PyTorch or Keras checkpoint becomes an ONNX |
//! | [`network`] | the chain of float layers; folding BatchNorm and biases; the chain as an ONNX for tract |
//! | [`latent`] | latents: their parts, distributions, labels and seeds |
//! | [`onnx`] | ONNX files: reading, building, running them in tract |
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
#[cfg(test)]
mod sketch;
mod text;
pub mod twin;
