//! Files that are read: whole, or arrays out of an `.npz`.

pub mod npz;
pub mod read;
