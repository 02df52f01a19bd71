//! A parsed `.gen` file: a generator ready to run.

use crate::format::{self, FormatError};
use crate::latent::Latent;
use crate::layer::{Layer, MAX_LAYERS};
use crate::plan::Plan;
use crate::shape::Shape;
use heapless::Vec;

/// Most latent directions of a model.
pub const MAX_DIRECTIONS: usize = 16;

/// A generator whose every byte has been checked. Weights stay where they are.
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
    /// Its name.
    pub name: &'a str,
    pub(crate) values: &'a [[u8; 4]],
}

impl Direction<'_> {
    /// The direction's elements, in the latent's own unit.
    pub fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        self.values.iter().map(|&v| f32::from_le_bytes(v))
    }
}

impl<'a> Model<'a> {
    /// Checks all of `file` and reads it in place, without copying or alignment.
    ///
    /// *cost*: one pass over the file for its CRC-32.
    ///
    /// # Errors
    /// [`FormatError`], for the first thing that is wrong. No input panics or is read out of
    /// bounds.
    pub fn parse(file: &'a [u8]) -> Result<Self, FormatError> {
        format::parse(file)
    }

    /// The model's name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// SHA-256 of the ONNX file that the model was made from.
    pub fn source(&self) -> &'a [u8; 32] {
        self.source
    }

    /// What the model takes as input.
    pub fn latent(&self) -> &Latent<'a> {
        &self.latent
    }

    /// Size of the pictures; 1 channel is grey, 3 are red, green, blue.
    pub fn image(&self) -> Shape {
        self.layers[self.layers.len() - 1].output()
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer<'a>] {
        &self.layers
    }

    /// The named latent directions.
    pub fn directions(&self) -> &[Direction<'a>] {
        &self.directions
    }

    /// Bytes of working memory that an [`Engine`](crate::Engine) needs.
    pub fn working_memory(&self) -> usize {
        self.plan.bytes()
    }

    /// Where the working memory goes.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}
