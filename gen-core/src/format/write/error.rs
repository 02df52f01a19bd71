//! Why a draft cannot be written.

use crate::format::FormatError;
use core::fmt;

/// Why [`Draft::to_bytes`](super::Draft::to_bytes) fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// A number does not fit the file's field.
    Field {
        /// Name of the number.
        what: &'static str,
        /// Its value.
        value: usize,
    },
    /// A list of a layer does not have the length that the layer's sizes ask for.
    Count {
        /// The layer, from 0.
        layer: usize,
        /// Name of the list.
        what: &'static str,
        /// Elements needed.
        need: usize,
        /// Elements given.
        got: usize,
    },
    /// [`Model::parse`](crate::Model::parse) would refuse the file.
    Invalid(FormatError),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { what, value } => write!(f, "{what} {value} does not fit a .gen file"),
            Self::Count { layer, what, need, got } => {
                write!(f, "layer {layer}: {got} {what}, its sizes ask for {need}")
            }
            Self::Invalid(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for WriteError {}
