//! Draws pictures with DCGAN generators (Radford, Metz & Chintala 2015, arXiv 1511.06434) on microcontrollers.
//!
//! A latent goes in, picture rows come out. There is no heap, no floating point in the image path and no frame
//! buffer. Weights are read in place from flash. Every target computes the same bytes.
//!
//! ```
//! use embedded_graphics_core::{draw_target::DrawTarget, geometry::Point};
//! use gen_core::{Engine, Model, pixel::Shade};
//!
//! static FILE: &[u8] = include_bytes!("../tests/fixture/tiny.gen"); // written by `export quantize`
//! const MEMORY: usize = gen_core::working_memory(FILE).expect("a .gen file");
//! const LATENT: usize = gen_core::latent_len(FILE).expect("a .gen file");
//!
//! /// Draws the pictures of seeds 0 to `count` − 1 on any embedded-graphics display, every pixel 4×4.
//! fn draw<D: DrawTarget<Color: Shade>>(display: &mut D, count: u64) -> Result<(), D::Error> {
//!     let (mut memory, mut latent) = ([0; MEMORY], [0; LATENT]);
//!     let model = Model::parse(FILE).expect("the file is intact"); // once: it reads all of the file
//!     let mut engine = Engine::new(model, &mut memory).expect("MEMORY is the model's");
//!     for seed in 0..count {
//!         engine.model().latent().sample_quantized(seed, &mut latent).expect("LATENT is the model's");
//!         engine.draw(&latent).expect("a latent of this model").draw(display, Point::zero(), 4)?;
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Without embedded-graphics, [`Picture::next_row`] gives the rows as bytes.
//!
//! # Architecture
//!
//! From the top down; each layer uses only those below it.
//!
//! 1. [`pixel`] converts picture rows to a display's colours.
//! 2. [`Engine`] owns a model and its working memory. Its [`Picture`] decides which layer computes its next row.
//! 3. `kernel` computes rows of one layer. `kernel::Portable` is the specification; the target's own kernel gives
//!    the same bytes.
//! 4. [`Model`] is a parsed file. `format` checks the file once, so that nothing can fail afterwards; `plan` computes
//!    the working memory from it.
//! 5. `requant` turns an accumulator into an output element. It floors; the file's constants include the ½ that makes
//!    it round, except before a table.
//! 6. `weights` defines the order of weights in flash, `axis` is the geometry (stride, padding, phases), `element` the
//!    element types of tensors and weights.
//!
//! [`latent`] stands beside them: it samples, interpolates and quantises latents, in floating point.
//!
//! # Errors
//!
//! [`Model::parse`] checks everything there is to check and returns a [`FormatError`]. [`Engine::new`] and
//! [`Engine::draw`] check what they are given and return an [`EngineError`]; [`Latent`](latent::Latent) returns a
//! [`LengthError`](latent::LengthError). After that nothing fails and nothing panics.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `embedded-graphics` | yes | [`pixel`], `Picture::draw` and `Picture::draw_with` |
//! | `defmt` | no | `defmt::Format` for errors and sizes |
//! | `writer` | no | for tools, needs std: writing files, and the modules that describe the inside of a file |
#![cfg_attr(not(any(test, feature = "writer")), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod engine;
mod layer;
mod model;
mod shape;

pub mod latent;
#[cfg(feature = "embedded-graphics")]
pub mod pixel;

// What tools need beside that is public with the feature `writer` only. Firmware has no use for it.
#[cfg(not(feature = "writer"))]
mod axis;
#[cfg(feature = "writer")]
pub mod axis;
#[cfg(not(feature = "writer"))]
mod element;
#[cfg(feature = "writer")]
pub mod element;
#[cfg(not(feature = "writer"))]
mod format;
#[cfg(feature = "writer")]
pub mod format;
#[cfg(not(feature = "writer"))]
mod plan;
#[cfg(feature = "writer")]
pub mod plan;
#[cfg(not(feature = "writer"))]
mod requant;
#[cfg(feature = "writer")]
pub mod requant;
#[cfg(not(feature = "writer"))]
mod weights;
#[cfg(feature = "writer")]
pub mod weights;

// Every kernel, for tests that compare them.
#[cfg(not(feature = "_kernels"))]
mod kernel;
#[cfg(feature = "_kernels")]
pub mod kernel;

pub use engine::{Engine, EngineError, Picture};
pub use format::{FormatError, latent_len, working_memory};
pub use layer::{Layer, MAX_LAYERS};
pub use model::{Direction, MAX_DIRECTIONS, Model};
pub use shape::Shape;
