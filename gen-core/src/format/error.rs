//! Why a file is refused.

use super::VERSION;
use crate::latent::MAX_PARTS;
use crate::layer::MAX_LAYERS;
use crate::model::MAX_DIRECTIONS;

/// Why [`Model::parse`](crate::Model::parse) refuses a file: one variant per check. `layer` and `index` count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FormatError {
    /// The file is shorter than its header and tables.
    #[error("{got} bytes are too few for a .gen file, its tables need {need}: copy it again")]
    TooShort {
        /// Bytes needed.
        need: usize,
        /// Bytes given.
        got: usize,
    },
    /// The file does not begin with the magic bytes `\x89GEN\r\n\x1a\n`.
    #[error(
        "not a .gen file: it does not begin with \\x89GEN. `export quantize` makes one from ONNX"
    )]
    Magic,
    /// The file has a format version that this crate does not read.
    #[error("format version {got}, this build reads {VERSION}: export the model again")]
    Version {
        /// The file's version.
        got: u16,
    },
    /// The length in the header is not the file's: it is truncated, or something is appended.
    #[error("{got} bytes, but the header says {stored}: truncated or appended to, copy it again")]
    Length {
        /// Bytes that the header says.
        stored: usize,
        /// Bytes given.
        got: usize,
    },
    /// The CRC-32 differs: the file is damaged.
    #[error("damaged, copy it again: CRC-32 is {computed:08x}, the header says {stored:08x}")]
    Checksum {
        /// The CRC-32 in the header.
        stored: u32,
        /// The CRC-32 of the bytes.
        computed: u32,
    },
    /// A reserved field is not zero.
    #[error("reserved byte {offset} is not zero")]
    Reserved {
        /// Offset of the field.
        offset: usize,
    },
    /// The model's name is not UTF-8 padded with zeros, or empty.
    #[error("the model's name is not UTF-8 padded with zeros, or is empty")]
    Name,
    /// The latent's length is beyond [`MAX_LEN`](crate::latent::MAX_LEN), or not the sum of its parts.
    #[error("the latent's length is too large or not that of its parts")]
    Latent,
    /// The latent has no part, or more than [`MAX_PARTS`].
    #[error("{got} latent parts; 1 to {MAX_PARTS} are allowed")]
    Parts {
        /// The file's number of parts.
        got: usize,
    },
    /// A part of the latent has an invalid name, length, distribution, reserved byte or scale.
    #[error("latent part {index} is malformed")]
    Part {
        /// The part.
        index: usize,
    },
    /// The file has no layer, or more than [`MAX_LAYERS`].
    #[error("{got} layers; 1 to {MAX_LAYERS} are allowed")]
    Layers {
        /// The file's number of layers.
        got: usize,
    },
    /// The file has more latent directions than [`MAX_DIRECTIONS`].
    #[error("{got} latent directions; 0 to {MAX_DIRECTIONS} are allowed")]
    Directions {
        /// The file's number of directions.
        got: usize,
    },
    /// The layer's kind of convolution is unknown.
    #[error("layer {layer}: unknown convolution {got}")]
    Convolution {
        /// The layer.
        layer: usize,
        /// The file's code; 0 and 1 are known.
        got: u8,
    },
    /// The layer's activation is unknown.
    #[error("layer {layer}: unknown activation {got}")]
    Activation {
        /// The layer.
        layer: usize,
        /// The file's code; 0 to 2 are known.
        got: u8,
    },
    /// The layer's flag for parameters per feature is neither 0 nor 1.
    #[error("layer {layer}: flag per feature is {got}; 0 and 1 are allowed")]
    PerFeature {
        /// The layer.
        layer: usize,
        /// The file's flag.
        got: u8,
    },
    /// The layer's element type is unknown.
    #[error("layer {layer}: unknown element type {got}")]
    Element {
        /// The layer.
        layer: usize,
        /// The file's code; 0 to 2 are known.
        got: u8,
    },
    /// The layer's weight type is unknown.
    #[error("layer {layer}: unknown weight type {got}")]
    Weight {
        /// The layer.
        layer: usize,
        /// The file's code; 0 and 1 are known.
        got: u8,
    },
    /// The last layer's elements, the pixels, do not have 8 bits.
    #[error("layer {layer}: element type {got}, but the last layer's pixels are bytes")]
    Pixels {
        /// The last layer.
        layer: usize,
        /// The file's code of its element type.
        got: u8,
    },
    /// A size of the layer is 0, or a side is beyond 16384.
    #[error("layer {layer}: a size is 0 or too large")]
    Dimension {
        /// The layer.
        layer: usize,
    },
    /// The layer has a zero-point, but its input, the latent or 12-bit elements, has none.
    #[error("layer {layer}: zero-point {got}, its 12-bit inputs have none")]
    ZeroPoint {
        /// The layer.
        layer: usize,
        /// The file's zero-point.
        got: u8,
    },
    /// A section is misaligned, or reaches into the tables or beyond the file.
    #[error("section of {len} bytes at byte {offset} is misaligned or out of place")]
    Section {
        /// The section's offset.
        offset: usize,
        /// The section's length.
        len: usize,
    },
    /// The layer's table is empty, longer than 16384 entries, or present although the activation uses none.
    #[error("layer {layer}: table of {got} entries does not suit its activation")]
    Table {
        /// The layer.
        layer: usize,
        /// The table's entries.
        got: usize,
    },
    /// A constant of the layer's epilogue is not within ±2⁶².
    #[error("layer {layer}: constant {index} is not within ±2^62")]
    Constant {
        /// The layer.
        layer: usize,
        /// The constant.
        index: usize,
    },
    /// The layer sums so many products that its accumulator could overflow 32 bits.
    #[error("layer {layer}: its accumulator could overflow 32 bits (too many products per output)")]
    Accumulator {
        /// The layer.
        layer: usize,
    },
    /// The last layer has neither 1 channel nor 3.
    #[error("pictures of {channels} channels; 1 and 3 are allowed")]
    Image {
        /// The last layer's channels.
        channels: usize,
    },
    /// The last layer is to be computed whole; it never can.
    #[error("{got} layers to be computed whole, but the last never can be")]
    Whole {
        /// The file's number of layers computed whole.
        got: usize,
    },
    /// The working memory in the header is not what the layers need.
    #[error("header says {stored} bytes of working memory, the layers need {need}")]
    Memory {
        /// Bytes that the header says.
        stored: usize,
        /// Bytes that the layers need.
        need: usize,
    },
    /// A latent direction has an invalid name or a value that is not finite.
    #[error("latent direction {index} is malformed")]
    Direction {
        /// The direction.
        index: usize,
    },
}
