//! Kernels: one output row from a window of input rows.
//!
//! [`portable`] is the specification. Every other implementation is chosen here, and nowhere else,
//! and gives the same bytes.

mod portable;
mod window;

pub(crate) use portable::row;
pub(crate) use window::Window;
