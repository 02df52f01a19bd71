//! A slice of the wrong length.

use core::fmt;

/// A slice does not have one element per element of the latent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LengthError {
    /// Elements of the latent.
    pub need: usize,
    /// Elements of the slice.
    pub got: usize,
}

impl LengthError {
    /// Compares the length `got` of a slice with the latent's.
    pub(super) const fn check(need: usize, got: usize) -> Result<(), Self> {
        if need == got { Ok(()) } else { Err(Self { need, got }) }
    }
}

impl fmt::Display for LengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slice of {} elements, give the latent {}", self.got, self.need)
    }
}

impl core::error::Error for LengthError {}
