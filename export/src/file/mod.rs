//! Files on the disk: read whole, written whole or not at all; arrays out of an `.npz`.

pub mod npz;
pub mod output;
pub mod read;
