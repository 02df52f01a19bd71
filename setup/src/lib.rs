//! Programs of others that our commands run: finds them, and installs those that are missing.
//!
//! - [`rustup`], [`debian`], [`npm`], [`python`]: one file for each source of programs
//! - [`step`]: runs a command under a line with its name
//! - [`workspace`]: the workspace's root, cargo, and cargo's target directory

pub mod debian;
pub mod npm;
mod program;
pub mod python;
pub mod rustup;
pub mod step;
pub mod workspace;

pub use program::runs;
