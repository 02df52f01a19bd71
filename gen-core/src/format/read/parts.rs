//! The parts of the latent.

use super::field::{text, u16_at, u32_at};
use crate::format::{FormatError, NORMAL, ONE_HOT, UNIFORM, part};
use crate::latent::{Distribution, Latent, MAX_PARTS, Part};
use heapless::Vec;

/// Reads the records of the latent's parts.
pub(super) fn read_latent(records: &[u8]) -> Result<Latent<'_>, FormatError> {
    let (records, _) = records.as_chunks::<{ part::LEN }>();
    if !(1..=MAX_PARTS).contains(&records.len()) {
        return Err(FormatError::Parts { got: records.len() });
    }
    let mut parts = Vec::<_, MAX_PARTS>::new();
    for (index, record) in records.iter().enumerate() {
        let malformed = FormatError::Part { index };
        let distribution = match record[part::DISTRIBUTION] {
            NORMAL => Distribution::Normal,
            UNIFORM => Distribution::Uniform,
            ONE_HOT => Distribution::OneHot,
            _ => return Err(malformed),
        };
        let len = u16_at(record, part::LENGTH);
        let scale = f32::from_bits(u32_at(record, part::SCALE) as u32);
        let possible = len > 0 && scale.is_normal() && scale > 0.0;
        let normalized = record[part::NORMALIZED] == 1;
        if !possible || record[part::NORMALIZED] > 1 {
            return Err(malformed);
        }
        let name = text(&record[part::NAME]).ok_or(malformed)?;
        // Cannot fail: the number of records is at most the capacity.
        let _ = parts.push(Part { name, len, distribution, scale, normalized });
    }
    Ok(Latent::new(parts))
}
