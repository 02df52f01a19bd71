//! The Keras that wrote a file: what that means for what a layer computes, and what such a file leaves open.

use crate::checkpoint::read::hdf5::Description;

/// What is known of the Keras that wrote a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Writer {
    /// Whether it is version 3 or later.
    pub(super) keras3: bool,
    /// Whether it ran on PyTorch, where transposed convolutions cut off other edges before version 3.15. `None` if the
    /// file does not tell.
    pub(super) torch: Option<bool>,
}

impl Writer {
    /// The Keras that wrote `description`.
    pub(super) fn of(description: &Description) -> Self {
        let mut numbers = description.version.split('.').map(|part| part.parse().unwrap_or(0));
        let (major, minor): (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let torch = description.backend.as_ref().map(|backend| backend == "torch");
        let torch = if major == 3 && minor < 15 { torch } else { Some(false) };
        Self { keras3: major >= 3, torch }
    }
}

/// What a file leaves open of a transposed convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Which edges are cut off.
    Edges,
    /// Whether it has an output padding.
    OutputPadding,
}

impl Doubt {
    /// How it was decided.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Edges => {
                "as Keras computes it on TensorFlow and JAX; before 3.15, on PyTorch, it cut off other edges"
            }
            Self::OutputPadding => {
                "without output_padding, which Keras 3 does not store before 3.15"
            }
        }
    }
}
