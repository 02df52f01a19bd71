//! The supported boards: one table, and what follows from it for a model.
//!
//! - [`Board`]: one board; [`BOARDS`]: the table, a row per board
//! - [`Core`], [`Memory`], [`Screen`], [`BootDrive`], [`Emulator`]: the parts of a row
//! - [`Cut`]: what a screen shows of a picture that is larger
//! - [`Fit`]: whether a model fits flash and RAM of a board
//! - `time` (feature `figures`): estimates how long a picture takes, from the instructions in `bench.json`,
//!   which is a `record::Measurements`
//!
//! The table and [`Fit`] are `no_std` and allocate nothing. The firmware's build script, `export check`,
//! `host-sim`, the emulators and the developer's commands read this table, and a test keeps `docs/boards.md`
//! equal to it.
#![cfg_attr(not(any(test, feature = "figures")), no_std)]

mod board;
mod cores;
mod fit;
mod memory;
#[cfg(feature = "figures")]
pub mod record;
mod rows;
mod screen;
#[cfg(feature = "figures")]
mod time;

pub use board::{Board, BootDrive, Emulator};
pub use cores::{CORES, Core};
pub use fit::{CODE, Fit};
pub use memory::Memory;
pub use rows::BOARDS;
pub use screen::{Color, Cut, OLED, Screen, TFT240};
#[cfg(feature = "figures")]
pub use time::{CoreTime, Unmeasured, instructions, time, usual_times};

/// Compiles the README's example as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
