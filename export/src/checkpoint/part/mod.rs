//! The part of a file that is the generator, as modules: those of the label and the others.

pub(crate) mod key;
pub(crate) mod label;
pub(crate) mod module;
pub(crate) mod numbering;
pub(crate) mod pieces;
