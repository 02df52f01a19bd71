//! Turns a trained generator in ONNX into a `.gen` file for microcontrollers.
//!
//! From the file to the device, one step a module:
//!
//! - [`checkpoint`]: trained weights of PyTorch or Keras as an ONNX file
//! - [`load`], [`import`](mod@import), [`network`]: an ONNX file as a chain of float layers; what
//!   can't be converted is refused by node, operator and attribute
//! - [`latents`], [`input`]: what goes in, part by part
//! - [`fold`](mod@fold): BatchNorm and biases into weights, or behind the activation
//! - [`calibrate`](mod@calibrate), [`histogram`], [`range`]: the float network runs in tract on
//!   sampled latents; ranges by measured error
//! - [`equalize`](mod@equalize): steps of their own for channels of rare large values
//! - [`quantize`](mod@quantize): everything in integers, weights rounded for what they give, overflow disproved
//!   channel by channel
//! - [`mix`]: which numbers have 12 bits, by what that is worth
//! - [`twin`]: the quantised ONNX, the same integers for any runtime
//! - [`export`](mod@export): all of that in one call, with a [`report`]; [`boards`](mod@boards): where it fits and
//!   what would make it fit
//! - [`graph`]: building any ONNX
//! - [`runner`], [`generator`]: running either file; [`psnr`](mod@psnr), [`ssim`](mod@ssim),
//!   [`fidelity`], [`comparison`]: how close the pictures are, and to a [`classifier`] by [`frechet`];
//!   [`sensitivity`]: what each layer costs them

pub mod boards;
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
pub mod plans;
pub mod quantize;
pub mod report;
pub mod twin;
