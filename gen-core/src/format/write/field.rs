//! Fields of a record.

use super::WriteError;
use crate::format::ALIGNMENT;
use core::ops::Range;

/// `range`, which counts from a record's first byte, counted from the file's first byte.
pub(super) fn shift(range: Range<usize>, record: usize) -> Range<usize> {
    range.start + record..range.end + record
}

/// `value` as a byte. `what` names it in the error.
pub(super) fn byte(what: &'static str, value: usize) -> Result<u8, WriteError> {
    u8::try_from(value).map_err(|_| WriteError::Field { what, value })
}

/// Writes `value` as a `u16` at `at`.
pub(super) fn put_u16(
    file: &mut [u8],
    at: Range<usize>,
    what: &'static str,
    value: usize,
) -> Result<(), WriteError> {
    let number = u16::try_from(value).map_err(|_| WriteError::Field { what, value })?;
    file[at].copy_from_slice(&number.to_le_bytes());
    Ok(())
}

/// Writes `value` as a `u32` at `at`.
pub(super) fn put_u32(
    file: &mut [u8],
    at: Range<usize>,
    what: &'static str,
    value: usize,
) -> Result<(), WriteError> {
    let number = u32::try_from(value).map_err(|_| WriteError::Field { what, value })?;
    file[at].copy_from_slice(&number.to_le_bytes());
    Ok(())
}

/// Writes `text` at `at`, padded with the zeros that are there.
pub(super) fn put_text(
    file: &mut [u8],
    at: Range<usize>,
    what: &'static str,
    text: &str,
) -> Result<(), WriteError> {
    if text.len() > at.len() {
        return Err(WriteError::Field { what, value: text.len() });
    }
    file[at][..text.len()].copy_from_slice(text.as_bytes());
    Ok(())
}

/// Appends an aligned section and writes its offset at `at`.
pub(super) fn put_section(
    file: &mut Vec<u8>,
    at: Range<usize>,
    section: Vec<u8>,
) -> Result<(), WriteError> {
    file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
    let offset = file.len();
    put_u32(file, at, "offset of a section", offset)?;
    file.extend(section);
    Ok(())
}
