//! Finds the external programs that our commands run, and installs those that are missing.
//!
//! - [`rustup`], [`debian`], [`npm`], [`python`]: one file per source of programs
//! - [`step`]: runs a command and prints its name above its output
//! - [`workspace`]: the workspace's root, cargo, and cargo's target directory

pub mod debian;
pub mod npm;
pub mod python;
pub mod rustup;
pub mod step;
pub mod workspace;
