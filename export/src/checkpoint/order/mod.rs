//! Puts modules into a chain: which follows which, and in which direction each convolution goes.

pub(crate) mod chain;
pub(crate) mod direction;
mod growth;
mod misfit;
mod partner;
pub(crate) mod search;
