//! The application that draws generated pictures on a small screen.
//!
//! - [`App`]: what is shown, a pure function of the model, the first seed and the buttons pressed
//! - [`Board`]: what the application needs of its surroundings: a display, time, buttons, a log
//! - [`Tour`]: which seed, which mode, how far along a walk
//! - [`Layout`], [`Caption`]: where picture and text go, from the sizes alone
//! - [`TestCard`]: what tells a screen that is wired or turned wrongly
//! - [`Debounce`]: presses, from contacts that bounce
//! - [`ssd0323`]: driver of the OLED of lm3s6965evb, for which there is no crate
//! - `built_in`: the model that is part of the program, on a chip
//!
//! Nothing here names a chip: a board's file does, beside the program that runs on it.
#![no_std]
#[cfg(test)]
extern crate std;

mod app;
mod board;
#[cfg(target_os = "none")]
pub mod built_in;
mod button;
mod caption;
mod debounce;
mod event;
mod layout;
pub mod ssd0323;
mod test_card;
mod tour;

pub use app::{App, AppError};
pub use board::{Board, Presses};
pub use button::Button;
pub use caption::Caption;
pub use debounce::Debounce;
pub use event::Event;
pub use layout::Layout;
pub use test_card::TestCard;
pub use tour::{Mode, Tour, WALK_STEPS};
