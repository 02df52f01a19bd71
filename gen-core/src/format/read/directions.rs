//! The named directions in latent space.

use super::field::{text, u32_at};
use super::section::Sections;
use crate::format::{FormatError, direction};
use crate::model::{Direction, MAX_DIRECTIONS};
use heapless::Vec;

/// Reads the records of the directions, at most [`MAX_DIRECTIONS`].
pub(super) fn read_directions<'a>(
    sections: &Sections<'a>,
    records: &'a [u8],
    latent_len: usize,
) -> Result<Vec<Direction<'a>, MAX_DIRECTIONS>, FormatError> {
    let (records, _) = records.as_chunks::<{ direction::LEN }>();
    let mut directions = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let offset = u32_at(record, direction::VALUES);
        let (values, _) = sections.get(offset, 4 * latent_len as u64)?.as_chunks::<4>();
        let malformed = FormatError::Direction { index };
        let name = text(&record[direction::NAME]).ok_or(malformed)?;
        if values.iter().any(|&v| !f32::from_le_bytes(v).is_finite()) {
            return Err(malformed);
        }
        // Cannot fail: the number of records is at most the capacity.
        let _ = directions.push(Direction { name, values });
    }
    Ok(directions)
}
