//! Why a draft cannot be written.

use crate::format::FormatError;

/// Why [`Draft::to_bytes`](super::Draft::to_bytes) fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A number does not fit the file's field.
    #[error("{what} {value} does not fit a .gen file")]
    Field {
        /// Name of the number.
        what: &'static str,
        /// Its value.
        value: usize,
    },
    /// A list of a layer does not have the length that the layer's sizes ask for.
    #[error("layer {layer}: {got} {what}, its sizes ask for {need}")]
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
    #[error(transparent)]
    Invalid(#[from] FormatError),
}
