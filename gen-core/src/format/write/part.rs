//! A part of the latent.

use super::WriteError;
use super::field::{put_text, put_u16, shift};
use crate::format::{NORMAL, ONE_HOT, UNIFORM, part};
use crate::latent::{Distribution, Latent, Part};

/// A [`Part`] of a latent that owns its name.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftPart {
    /// 1 to 24 bytes of UTF-8, without zeros.
    pub name: String,
    /// Number of elements.
    pub len: usize,
    /// The elements' distribution in training.
    pub distribution: Distribution,
    /// Steps of the quantised elements per unit.
    pub scale: f32,
}

impl From<&Part<'_>> for DraftPart {
    fn from(&Part { name, len, distribution, scale }: &Part<'_>) -> Self {
        Self { name: name.to_owned(), len, distribution, scale }
    }
}

impl DraftPart {
    /// The latent of the first [`MAX_PARTS`](crate::latent::MAX_PARTS) of `parts`.
    pub fn latent(parts: &[Self]) -> Latent<'_> {
        Latent::new(parts.iter().map(|Self { name, len, distribution, scale }| Part {
            name,
            len: *len,
            distribution: *distribution,
            scale: *scale,
        }))
    }

    /// Writes the part's record at byte `at`.
    pub(super) fn write(&self, file: &mut [u8], at: usize) -> Result<(), WriteError> {
        put_text(file, shift(part::NAME, at), "length of a part's name", &self.name)?;
        put_u16(file, shift(part::LENGTH, at), "length of a part", self.len)?;
        file[at + part::DISTRIBUTION] = match self.distribution {
            Distribution::Normal => NORMAL,
            Distribution::Uniform => UNIFORM,
            Distribution::OneHot => ONE_HOT,
        };
        file[shift(part::SCALE, at)].copy_from_slice(&self.scale.to_le_bytes());
        Ok(())
    }
}
