//! The element types of tensors and of weights.
//!
//! Most have 8 bits. A few layers need 12 bits for a good picture; those elements are stored in 16.

/// Largest magnitude of a 12-bit element or weight.
pub const WIDE_MAX: i16 = 2047;

/// The element type of a layer's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `u8`, 0 to 255, with a zero-point.
    Byte,
    /// 12 bits in an `i16`, like a latent, without a zero-point. *range*: 0 to [`WIDE_MAX`] where the clamp is a
    /// ReLU, else ±[`WIDE_MAX`].
    Wide {
        /// Whether elements can be negative.
        signed: bool,
    },
}

impl Element {
    /// Bytes of one element.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Wide { .. } => 2,
        }
    }

    /// The smallest element.
    pub const fn low(self) -> i16 {
        match self {
            Self::Wide { signed: true } => -WIDE_MAX,
            _ => 0,
        }
    }

    /// The largest element.
    pub const fn high(self) -> i16 {
        match self {
            Self::Byte => 255,
            Self::Wide { .. } => WIDE_MAX,
        }
    }

    /// Whether elements have 12 bits.
    pub const fn is_wide(self) -> bool {
        matches!(self, Self::Wide { .. })
    }
}

/// The type of a layer's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// 8 bits, within ±127. Two share a 16-bit lane.
    Byte,
    /// 12 bits, within ±[`WIDE_MAX`]. Each takes a 16-bit lane.
    Wide,
}

impl Weight {
    /// The largest magnitude of a weight.
    #[cfg(feature = "writer")]
    pub const fn max(self) -> i16 {
        match self {
            Self::Byte => 127,
            Self::Wide => WIDE_MAX,
        }
    }

    /// Features whose weights share a 16-bit lane.
    pub const fn features(self) -> usize {
        match self {
            Self::Byte => 2,
            Self::Wide => 1,
        }
    }
}
