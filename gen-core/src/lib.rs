//! Runs DCGAN generators (Radford, Metz & Chintala 2015, arXiv 1511.06434) on microcontrollers.
//!
//! No heap, no floating point in the image path, no frame buffer, weights read in place from flash,
//! and the same bytes on every target. From the bottom up:
//!
//! - [`shape`], [`axis`]: sizes, and the one place that knows stride, padding and phases
//! - [`element`]: what tensors and weights are made of
//! - [`requant`]: accumulator to element, the one place that rounds
//! - [`layer`], [`format`], [`model`]: the `.gen` file, checked once and then used as it lies
//! - `kernel`: output rows from the input rows that they read
//! - [`plan`], [`engine`]: working memory as a pure function of the model; rows pulled through it
//! - `pixel`: rows onto any embedded-graphics `DrawTarget` (feature `embedded-graphics`)
//! - [`latent`]: sampling, walking and quantising latents; stands alone
//!
//! ```
//! use gen_core::{Engine, Model};
//!
//! static FILE: &[u8] = include_bytes!("../tests/fixture/tiny.gen");
//!
//! const MEMORY: usize = gen_core::working_memory(FILE).expect("a .gen file");
//! const LATENT: usize = gen_core::latent_len(FILE).expect("a .gen file");
//!
//! let mut memory = [0; MEMORY];
//! let mut engine = Engine::new(Model::parse(FILE)?, &mut memory)?;
//! let latent = engine.model().latent();
//! let (mut z, mut quantized) = ([0.0; LATENT], [0; LATENT]);
//! latent.sample(42, &mut z);
//! latent.quantize(&z, &mut quantized);
//! let mut picture = engine.draw(&quantized)?;
//! while let Some(row) = picture.next_row() {
//!     assert_eq!(row.len(), 8 * 3); // to the screen
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(not(any(test, feature = "writer")), no_std)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub mod axis;
pub mod element;
pub mod engine;
pub mod format;
#[cfg(feature = "_kernels")]
#[doc(hidden)]
pub mod kernel;
#[cfg(not(feature = "_kernels"))]
mod kernel;
pub mod latent;
pub mod layer;
pub mod model;
#[cfg(feature = "embedded-graphics")]
pub mod pixel;
pub mod plan;
mod product;
pub mod requant;
pub mod shape;
pub mod weights;

pub use engine::{Engine, EngineError, Picture};
pub use format::{FormatError, latent_len, working_memory};
pub use layer::{Layer, MAX_LAYERS};
pub use model::Model;
