//! Files that are read: arrays out of an `.npz`.

pub mod npz;
