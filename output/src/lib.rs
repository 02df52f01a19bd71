//! Writes the output of the desktop commands: pictures, files, numbers as text.
//!
//! - [`picture`]: the pixels of a screen; [`png`] and [`gif`] encode pictures
//! - [`file`](mod@file): writes files completely or not at all
//! - [`number`]: formats numbers and bytes; [`shell`]: words of commands to type

pub mod file;
pub mod gif;
pub mod number;
pub mod picture;
pub mod png;
pub mod shell;

pub use picture::Picture;
