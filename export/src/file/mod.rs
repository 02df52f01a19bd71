//! Reads whole files, and arrays in an `.npz`.

pub mod npz;
pub mod read;
