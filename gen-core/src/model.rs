//! A parsed `.gen` file: a generator ready to run.

use crate::format::{self, FormatError};
use crate::latent::Latent;
use crate::layer::{Layer, MAX_LAYERS};
use crate::plan::Plan;
use crate::shape::Shape;
use heapless::Vec;

/// Most named latent directions of a model.
pub const MAX_DIRECTIONS: usize = 16;

/// A parsed `.gen` file: a generator ready to run.
///
/// Borrows the file. Names, weights and directions stay where they are.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    pub(crate) name: &'a str,
    pub(crate) source: &'a [u8; 32],
    pub(crate) latent: Latent<'a>,
    pub(crate) layers: Vec<Layer<'a>, MAX_LAYERS>,
    pub(crate) directions: Vec<Direction<'a>, MAX_DIRECTIONS>,
    pub(crate) plan: Plan,
}

/// A named direction in latent space, for example `glasses`.
#[derive(Clone, Copy, Debug)]
pub struct Direction<'a> {
    /// The direction's name.
    pub name: &'a str,
    pub(crate) values: &'a [[u8; 4]],
}

impl Direction<'_> {
    /// One value per latent element, in the latent's own unit (before quantisation).
    pub fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        self.values.iter().map(|&v| f32::from_le_bytes(v))
    }
}

impl<'a> Model<'a> {
    /// Checks the whole of `file` and reads it in place. The file may begin at any address.
    ///
    /// *cost*: one pass over the file for its CRC-32.
    ///
    /// # Errors
    ///
    /// The [`FormatError`] of the first check that fails. No input panics or is read out of bounds.
    pub fn parse(file: &'a [u8]) -> Result<Self, FormatError> {
        format::parse(file)
    }

    /// The model's name, at most 32 bytes.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// SHA-256 of the ONNX file that the model was made from.
    pub fn source(&self) -> &'a [u8; 32] {
        self.source
    }

    /// The model's input: the parts of its latent.
    pub fn latent(&self) -> &Latent<'a> {
        &self.latent
    }

    /// Size of the pictures. 1 channel is grey, 3 channels are red, green, blue.
    pub fn picture_shape(&self) -> Shape {
        self.layers[self.layers.len() - 1].output()
    }

    /// The layers, from the latent to the picture; at least 1, at most [`MAX_LAYERS`].
    pub fn layers(&self) -> &[Layer<'a>] {
        &self.layers
    }

    /// The named latent directions, at most [`MAX_DIRECTIONS`].
    pub fn directions(&self) -> &[Direction<'a>] {
        &self.directions
    }

    /// Bytes of working memory that an [`Engine`](crate::Engine) of this model needs.
    pub fn working_memory(&self) -> usize {
        self.plan.bytes()
    }

    /// The layout of the working memory. For tools, with the feature `writer`.
    #[cfg(feature = "writer")]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}
