//! Runs the image of a board without the hardware, and reads its log and its screen.
//!
//! From a row of [`boards::BOARDS`] to a picture:
//!
//! 1. [`model`]: the `.gen` file, and whether it fits the board
//! 2. [`program`]: cargo builds the board's program around the model
//! 3. [`image`]: the files that it becomes, ELF and [`uf2`]; [`size`]: the memory that it takes
//! 4. [`launch`]: starts QEMU or rp2040js (`pico/`, in JavaScript) with an image
//! 5. [`machine`]: the running board: its [`log`], its keys, its memory and its screen, over [`qmp`]; [`picture`] reads screendumps
//!
//! [`mod@bench`] does all of it for the program that counts instructions.

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

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
