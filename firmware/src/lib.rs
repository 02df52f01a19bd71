//! The application that draws generated pictures on a small screen.
//!
//! - [`App`]: what is shown, a pure function of the model, the first seed and the buttons pressed
//! - [`Platform`]: what the application needs of a board: a display, time, buttons, a log
//! - [`Tour`]: the current seed, mode and step of a walk
//! - [`Layout`], [`Caption`]: places picture and text, given only their sizes
//! - [`TestCard`]: a picture that reveals a screen that is wired or rotated wrongly
//! - [`Debounce`]: detects presses of contacts that bounce
//! - [`ssd0323`]: driver of lm3s6965evb's OLED, for which there is no crate
//! - `built_in`: the model linked into the program, on a chip
//!
//! The library is independent of chips: each board has a file beside the program that runs on it.
#![no_std]
#[cfg(test)]
extern crate std;

mod app;
#[cfg(target_os = "none")]
pub mod built_in;
mod button;
mod caption;
mod debounce;
mod event;
mod layout;
mod platform;
pub mod ssd0323;
mod test_card;
mod tour;

pub use app::App;
pub use button::Button;
pub use caption::Caption;
pub use debounce::Debounce;
pub use event::Event;
pub use layout::Layout;
pub use platform::{DisplayError, Platform, Presses};
pub use test_card::TestCard;
pub use tour::{Mode, Tour, WALK_STEPS};
