//! The developer's commands, as a library, so that tests can use the same emulator.
//!
//! - [`board`]: the boards, one line each
//! - [`firmware`]: builds a program for a board; [`size`] says what it takes
//! - [`qemu`]: a running board: its log ([`log`]), its keys and its screen ([`picture`]), over
//!   [`qmp`]
//! - [`test`], [`oracles`]: everything that is checked, [`step`] by step, with [`tools`] that are
//!   installed on the way

pub mod board;
pub mod firmware;
pub mod log;
pub mod oracles;
pub mod picture;
pub mod qemu;
pub mod qmp;
pub mod size;
pub mod step;
pub mod test;
pub mod tools;
pub mod workspace;
