//! The developer's commands, as a library, so that tests can use the same emulator.
//!
//! - [`board`]: the boards, one line each, and their [`chip`]s
//! - [`firmware`]: builds a program for a board; [`size`] says what it takes
//! - [`image`]: the files that it becomes, [`uf2`] among them; [`flash`] brings them to the board
//! - [`machine`]: a running board: its log ([`log`]), its keys and its screen ([`picture`]), in an
//!   [`emulator`] over [`qmp`]
//! - [`data`]: open pictures to train with; [`model`]: the shipped models, trained again
//! - [`public_api`]: gen-core's public API, compared with its listing
//! - [`mod@test`], [`oracles`], [`mod@bench`], [`mod@bench_trainer`]: everything that is checked and
//!   measured, [`study`] for docs/studies.md, [`step`] by step, with [`tools`] that are installed on the way

pub mod bench;
pub mod bench_trainer;
pub mod board;
pub mod chip;
pub mod data;
pub mod emulator;
pub mod firmware;
pub mod flash;
pub mod image;
pub mod log;
pub mod machine;
pub mod model;
pub mod oracles;
pub mod picture;
pub mod public_api;
pub mod qmp;
pub mod size;
pub mod step;
pub mod study;
pub mod test;
pub mod tools;
pub mod uf2;
pub mod workspace;
