//! A slice of the wrong length.

/// A slice does not have one element per element of the latent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the slice has {got} elements, the latent has {need}")]
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
