//! The `.gen` file: one trained generator, used in place from flash.
//!
//! All numbers are little-endian. A file is a header, tables of layers, latent parts and latent directions, then
//! sections aligned to 16 bytes. Every byte range is named here, once, for reader and writer. The repository's
//! `docs/format.md` describes the format in prose.

mod error;
mod read;
#[cfg(feature = "writer")]
pub mod write;

pub use error::FormatError;
pub(crate) use read::parse;

/// First bytes of a file. As in PNG, a non-ASCII byte and line ends reveal a transfer in text mode.
pub const MAGIC: [u8; 8] = *b"\x89GEN\r\n\x1a\n";
/// Format version that this crate reads and writes.
pub const VERSION: u16 = 3;
/// Sections begin at multiples of this many bytes.
pub const ALIGNMENT: usize = 16;
/// Largest height, width and number of channels; a latent is a map of 1×1 with as many channels as elements. The
/// product of two of them fits `u32`.
pub const DIMENSION_LIMIT: usize = crate::latent::MAX_LEN;
/// Most bytes of a model's name.
#[cfg(feature = "writer")]
pub const MODEL_NAME: usize = header::NAME.end - header::NAME.start;
/// Most bytes of the name of a latent part.
#[cfg(feature = "writer")]
pub const PART_NAME: usize = part::NAME.end - part::NAME.start;
/// Most entries of an activation's table.
pub const TABLE_LIMIT: usize = 1 << 14;

/// Byte ranges of the header.
pub(crate) mod header {
    use core::ops::Range;
    pub(crate) const MAGIC: Range<usize> = 0..8;
    pub(crate) const VERSION: Range<usize> = 8..10;
    pub(crate) const LAYERS: usize = 10;
    pub(crate) const DIRECTIONS: usize = 11;
    /// Bytes of the whole file.
    pub(crate) const LENGTH: Range<usize> = 12..16;
    /// CRC-32 (ISO-HDLC, as in zlib) of the whole file, with these four bytes taken as zero.
    pub(crate) const CHECKSUM: Range<usize> = 16..20;
    /// Bytes of working memory, [`Plan::bytes`](crate::plan::Plan::bytes).
    pub(crate) const MEMORY: Range<usize> = 20..24;
    pub(crate) const LATENT_LEN: Range<usize> = 24..26;
    /// Number of latent parts.
    pub(crate) const PARTS: usize = 26;
    /// Number of layers, from the first on, that are computed whole.
    pub(crate) const WHOLE: usize = 27;
    pub(crate) const RESERVED: Range<usize> = 28..32;
    /// UTF-8, padded with zeros.
    pub(crate) const NAME: Range<usize> = 32..64;
    /// SHA-256 of the ONNX file that the model was made from.
    pub(crate) const SOURCE: Range<usize> = 64..96;
    pub(crate) const LEN: usize = 96;
}

/// Byte ranges of a layer's record.
pub(crate) mod layer {
    use core::ops::Range;
    pub(crate) const CONVOLUTION: usize = 0;
    pub(crate) const ACTIVATION: usize = 1;
    pub(crate) const PER_FEATURE: usize = 2;
    pub(crate) const ZERO_POINT: usize = 3;
    pub(crate) const HEIGHT: Range<usize> = 4..6;
    pub(crate) const WIDTH: Range<usize> = 6..8;
    pub(crate) const CHANNELS: Range<usize> = 8..10;
    pub(crate) const KERNEL_ROWS: usize = 10;
    pub(crate) const KERNEL_COLUMNS: usize = 11;
    pub(crate) const STRIDE_ROWS: usize = 12;
    pub(crate) const STRIDE_COLUMNS: usize = 13;
    pub(crate) const PAD_TOP: usize = 14;
    pub(crate) const PAD_LEFT: usize = 15;
    /// Offset of the weights section.
    pub(crate) const WEIGHTS: Range<usize> = 16..20;
    /// Offset of the epilogue section: constants `i64`, multipliers `i32`, then, for slopes, negative multipliers
    /// `i32` and biases `i32`, or, for a table, its entries.
    pub(crate) const EPILOGUE: Range<usize> = 20..24;
    /// Entries of the table, 0 without one.
    pub(crate) const TABLE_LEN: Range<usize> = 24..26;
    pub(crate) const ELEMENT: usize = 26;
    pub(crate) const WEIGHT: usize = 27;
    pub(crate) const LEN: usize = 28;
}

/// Byte ranges of a latent part's record.
pub(crate) mod part {
    use core::ops::Range;
    /// UTF-8, padded with zeros.
    pub(crate) const NAME: Range<usize> = 0..24;
    /// Number of elements.
    pub(crate) const LENGTH: Range<usize> = 24..26;
    pub(crate) const DISTRIBUTION: usize = 26;
    /// 1 if the elements are normalised before they are quantised, else 0.
    pub(crate) const NORMALIZED: usize = 27;
    /// Steps of the quantised elements per unit, `f32`.
    pub(crate) const SCALE: Range<usize> = 28..32;
    pub(crate) const LEN: usize = 32;
}

/// Byte ranges of a latent direction's record.
pub(crate) mod direction {
    use core::ops::Range;
    /// UTF-8, padded with zeros.
    pub(crate) const NAME: Range<usize> = 0..24;
    /// Offset of the values: one `f32` per latent element, in the latent's own unit.
    pub(crate) const VALUES: Range<usize> = 24..28;
    pub(crate) const LEN: usize = 28;
}

/// Codes of [`layer::CONVOLUTION`].
pub(crate) const TRANSPOSED: u8 = 0;
pub(crate) const PLAIN: u8 = 1;
/// Codes of [`layer::ACTIVATION`].
pub(crate) const CLAMP: u8 = 0;
pub(crate) const SLOPES: u8 = 1;
pub(crate) const TABLE: u8 = 2;
/// Codes of [`layer::ELEMENT`].
pub(crate) const BYTE: u8 = 0;
pub(crate) const WIDE: u8 = 1;
pub(crate) const WIDE_SIGNED: u8 = 2;
/// Codes of [`layer::WEIGHT`].
pub(crate) const WEIGHT_BYTE: u8 = 0;
pub(crate) const WEIGHT_WIDE: u8 = 1;
/// Codes of [`part::DISTRIBUTION`].
pub(crate) const NORMAL: u8 = 0;
pub(crate) const UNIFORM: u8 = 1;
pub(crate) const ONE_HOT: u8 = 2;

/// CRC-32 of `file`, with its checksum field taken as zero.
pub(crate) fn checksum(file: &[u8]) -> u32 {
    const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut digest = CRC.digest();
    digest.update(&file[..header::CHECKSUM.start]);
    digest.update(&[0; 4]);
    digest.update(&file[header::CHECKSUM.end..]);
    digest.finalize()
}

/// Bytes of working memory in the header of a `.gen` file, for sizing a `static` at compile time. `None` if `file` is
/// not a `.gen` file.
///
/// Only the magic bytes are checked. At run time use [`Model::working_memory`](crate::Model::working_memory), which
/// has been checked against the layers.
///
/// ```
/// # static FILE: &[u8] = include_bytes!("../../tests/fixture/tiny.gen");
/// const NEED: usize = gen_core::working_memory(FILE).expect("a .gen file");
/// let mut memory = [0; NEED];
/// ```
pub const fn working_memory(file: &[u8]) -> Option<usize> {
    let Some(header) = header_of(file) else { return None };
    let at = header::MEMORY.start;
    Some(u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]) as usize)
}

/// Elements of the latent in the header of a `.gen` file, for sizing an array at compile time. `None` if `file` is not
/// a `.gen` file.
pub const fn latent_len(file: &[u8]) -> Option<usize> {
    let Some(header) = header_of(file) else { return None };
    let at = header::LATENT_LEN.start;
    Some(u16::from_le_bytes([header[at], header[at + 1]]) as usize)
}

/// The header of `file`, if it is long enough for one and begins with [`MAGIC`].
const fn header_of(file: &[u8]) -> Option<&[u8; header::LEN]> {
    let (Some(magic), Some(header)) = (file.first_chunk(), file.first_chunk()) else { return None };
    // Arrays cannot be compared at compile time, numbers can.
    if u64::from_le_bytes(*magic) == u64::from_le_bytes(MAGIC) { Some(header) } else { None }
}
