//! Draws picture rows on an embedded-graphics display, without a frame buffer.

mod dither;
mod draw;
mod shade;

pub use shade::Shade;
