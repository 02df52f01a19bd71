//! What the desk's commands write: pictures, files, numbers for people.
//!
//! - [`picture`]: a screen's pixels; [`png`] and [`gif`] encode pictures
//! - [`file`](mod@file): writes files completely or not at all
//! - [`number`]: numbers and bytes as people read them

pub mod file;
pub mod gif;
pub mod number;
pub mod picture;
pub mod png;

pub use picture::Picture;
