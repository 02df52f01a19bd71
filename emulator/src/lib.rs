//! Runs the image of a board without the hardware, and reads its log and its screen.
//!
//! The steps from a row of [`boards::BOARDS`] to a picture:
//!
//! 1. [`model`]: finds the `.gen` file and checks that it fits the board
//! 2. [`program`]: builds the board's program around the model with cargo
//! 3. [`image`]: writes the program as ELF and [`uf2`]; [`size`]: measures the memory that it takes
//! 4. [`launch`]: starts QEMU or rp2040js (`pico/`, in JavaScript) with an image
//! 5. [`machine`]: controls the running board over [`qmp`]: its [`log`], keys, memory and screen; [`picture`]
//!    parses screendumps
//!
//! [`mod@bench`] does all of this for the program that counts instructions.

pub mod bench;
pub mod image;
pub mod launch;
pub mod log;
pub mod machine;
pub mod model;
pub mod picture;
pub mod program;
pub mod qmp;
pub mod size;
pub mod uf2;

/// Compiles the README's example as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
