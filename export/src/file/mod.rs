//! Files on the disk: written whole or not at all; arrays out of an `.npz`.

pub mod npz;
pub mod output;
