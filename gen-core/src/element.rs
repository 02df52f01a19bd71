//! What the elements of a tensor and of a layer's weights are.
//!
//! Eight bits, but for the few layers of which a picture needs more: there twelve, in 16.

use crate::latent::LATENT_MAX;

/// Largest magnitude of a 12-bit number.
pub const WIDE_MAX: i16 = LATENT_MAX;

/// An element of a layer's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `u8`, with a zero-point.
    Byte,
    /// 12 bits in an `i16`, as latents are: from 0, where the clamp is a ReLU, or from −[`WIDE_MAX`], to
    /// [`WIDE_MAX`]. 0 stands for 0.
    Wide {
        /// Whether it can be negative.
        signed: bool,
    },
}

impl Element {
    /// Bytes of one.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Wide { .. } => 2,
        }
    }

    /// The smallest.
    pub const fn low(self) -> i16 {
        match self {
            Self::Wide { signed: true } => -WIDE_MAX,
            _ => 0,
        }
    }

    /// The largest.
    pub const fn high(self) -> i16 {
        match self {
            Self::Byte => 255,
            Self::Wide { .. } => WIDE_MAX,
        }
    }

    /// Whether it has 12 bits.
    pub const fn is_wide(self) -> bool {
        matches!(self, Self::Wide { .. })
    }
}

/// A weight of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Within ±127, two in 16 bits.
    Byte,
    /// Within ±[`WIDE_MAX`], in 16 bits.
    Wide,
}

impl Weight {
    /// The largest magnitude.
    pub const fn max(self) -> i16 {
        match self {
            Self::Byte => 127,
            Self::Wide => WIDE_MAX,
        }
    }

    /// Features that a 16-bit number has weights of.
    pub const fn features(self) -> usize {
        match self {
            Self::Byte => 2,
            Self::Wide => 1,
        }
    }
}
