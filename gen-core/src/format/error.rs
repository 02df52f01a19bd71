//! Why a file is refused.

use core::fmt;

/// Why [`Model::parse`](crate::Model::parse) refuses a file. `layer` counts from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FormatError {
    /// Shorter than its header and tables.
    TooShort {
        /// Bytes needed.
        need: usize,
        /// Bytes given.
        got: usize,
    },
    /// Does not begin with [`MAGIC`](super::MAGIC).
    Magic,
    /// Made for another version of this crate.
    Version {
        /// The file's version.
        got: u16,
    },
    /// The header's length is not the file's: truncated, or something appended.
    Length {
        /// What the header says.
        stored: usize,
        /// What was given.
        got: usize,
    },
    /// Damaged: the CRC-32 differs.
    Checksum {
        /// What the header says.
        stored: u32,
        /// What the bytes give.
        computed: u32,
    },
    /// A byte that must be zero is not.
    Reserved {
        /// Where it is, or its neighbour of the same field.
        offset: usize,
    },
    /// The model's name is not UTF-8 filled up with zeros.
    Name,
    /// The latent's length is too large, or not that of its parts.
    Latent,
    /// No part of the latent, or more than [`MAX_PARTS`](crate::latent::MAX_PARTS).
    Parts {
        /// The file's number of parts.
        got: usize,
    },
    /// A part of the latent has no UTF-8 name, or its length, distribution or scale is not a possible one.
    Part {
        /// The part's index.
        index: usize,
    },
    /// No layer, or more than [`MAX_LAYERS`](crate::layer::MAX_LAYERS).
    Layers {
        /// The file's number of layers.
        got: usize,
    },
    /// More latent directions than [`MAX_DIRECTIONS`](crate::model::MAX_DIRECTIONS).
    Directions {
        /// The file's number of directions.
        got: usize,
    },
    /// A code of the layer's record (convolution, activation, per feature, element, weight) is
    /// unknown, or the last layer's elements are not bytes.
    Code {
        /// The layer.
        layer: usize,
        /// The code.
        got: u8,
    },
    /// A size of the layer is 0, or a side beyond [`DIMENSION_LIMIT`](super::DIMENSION_LIMIT).
    Dimension {
        /// The layer.
        layer: usize,
    },
    /// The zero-point of a layer on latents or on 12-bit elements is not 0; they have none.
    ZeroPoint {
        /// The layer.
        layer: usize,
        /// The file's zero-point.
        got: u8,
    },
    /// A section is misaligned or reaches into the tables or beyond the file.
    Section {
        /// The section's offset.
        offset: usize,
        /// The section's length.
        len: usize,
    },
    /// The table of the layer's activation is empty, too long, or there without need.
    Table {
        /// The layer.
        layer: usize,
        /// Its entries.
        got: usize,
    },
    /// A constant of the layer is not within [`CONSTANT_LIMIT`](crate::requant::CONSTANT_LIMIT).
    Constant {
        /// The layer.
        layer: usize,
        /// The constant's index.
        index: usize,
    },
    /// The layer sums so many products that its accumulator could overflow.
    Accumulator {
        /// The layer.
        layer: usize,
    },
    /// The last layer has neither 1 channel nor 3.
    Image {
        /// Its channels.
        channels: usize,
    },
    /// All layers are to be computed whole, or more than there are; the last never is.
    Whole {
        /// The file's number of them.
        got: usize,
    },
    /// The header's working memory is not what the layers need.
    Memory {
        /// What the header says.
        stored: usize,
        /// What the layers need.
        need: usize,
    },
    /// A latent direction has no UTF-8 name or a number that is not finite.
    Direction {
        /// The direction's index.
        index: usize,
    },
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooShort { need, got } => {
                write!(f, "{got} bytes are too few for a .gen file, its tables need {need}")
            }
            Self::Magic => write!(f, "not a .gen file: it does not begin with \\x89GEN"),
            Self::Version { got } => {
                write!(f, "format version {got}, this build reads {}", super::VERSION)
            }
            Self::Length { stored, got } => {
                write!(f, "{got} bytes, but the header says {stored}: truncated or appended to")
            }
            Self::Checksum { stored, computed } => {
                write!(f, "damaged: CRC-32 is {computed:08x}, the header says {stored:08x}")
            }
            Self::Reserved { offset } => write!(f, "reserved byte {offset} is not zero"),
            Self::Name => write!(f, "the model's name is not UTF-8 filled up with zeros"),
            Self::Latent => write!(f, "the latent's length is too large or not that of its parts"),
            Self::Parts { got } => {
                write!(
                    f,
                    "{got} parts of the latent, possible are 1 to {}",
                    crate::latent::MAX_PARTS
                )
            }
            Self::Part { index } => write!(f, "part {index} of the latent is malformed"),
            Self::Layers { got } => {
                write!(f, "{got} layers, possible are 1 to {}", crate::layer::MAX_LAYERS)
            }
            Self::Directions { got } => {
                write!(f, "{got} directions, possible are 0 to {}", crate::model::MAX_DIRECTIONS)
            }
            Self::Code { layer, got } => {
                write!(f, "layer {layer}: code {got} is not possible there")
            }
            Self::Dimension { layer } => write!(f, "layer {layer}: a size is 0 or too large"),
            Self::ZeroPoint { layer, got } => {
                write!(f, "layer {layer}: zero-point {got}, its 12-bit inputs have none")
            }
            Self::Section { offset, len } => {
                write!(f, "section of {len} bytes at byte {offset} is misaligned or out of place")
            }
            Self::Table { layer, got } => write!(f, "layer {layer}: table of {got} entries"),
            Self::Constant { layer, index } => {
                write!(f, "layer {layer}: constant {index} is out of range")
            }
            Self::Accumulator { layer } => {
                write!(f, "layer {layer}: so many products could overflow 32 bits")
            }
            Self::Image { channels } => {
                write!(f, "pictures of {channels} channels, possible are 1 and 3")
            }
            Self::Whole { got } => write!(f, "{got} layers to be computed whole, too many"),
            Self::Memory { stored, need } => {
                write!(f, "header says {stored} bytes of working memory, the layers need {need}")
            }
            Self::Direction { index } => write!(f, "latent direction {index} is malformed"),
        }
    }
}

impl core::error::Error for FormatError {}
