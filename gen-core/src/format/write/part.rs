//! A part of the latent.

use super::WriteError;
use super::field::{put, put_text};
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
    /// Whether the elements are normalised before they are quantised.
    pub normalized: bool,
}

impl From<&Part<'_>> for DraftPart {
    fn from(&Part { name, len, distribution, scale, normalized }: &Part<'_>) -> Self {
        Self { name: name.to_owned(), len, distribution, scale, normalized }
    }
}

impl DraftPart {
    /// The latent of the first [`MAX_PARTS`](crate::latent::MAX_PARTS) of `parts`.
    pub fn latent(parts: &[Self]) -> Latent<'_> {
        Latent::new(parts.iter().map(|part| {
            let &Self { ref name, len, distribution, scale, normalized } = part;
            Part { name, len, distribution, scale, normalized }
        }))
    }

    /// The part's record.
    pub(super) fn record(&self) -> Result<[u8; part::LEN], WriteError> {
        let mut record = [0; part::LEN];
        put_text(&mut record, part::NAME, "length of a part's name", &self.name)?;
        put(&mut record, part::LENGTH, "length of a part", self.len)?;
        record[part::DISTRIBUTION] = match self.distribution {
            Distribution::Normal => NORMAL,
            Distribution::Uniform => UNIFORM,
            Distribution::OneHot => ONE_HOT,
        };
        record[part::NORMALIZED] = u8::from(self.normalized);
        record[part::SCALE].copy_from_slice(&self.scale.to_le_bytes());
        Ok(record)
    }
}
