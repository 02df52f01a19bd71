//! Fields of a record, and the sections that they point to.

use super::WriteError;
use crate::format::ALIGNMENT;
use core::ops::Range;

/// `value` as a byte. `what` names it in the error.
pub(super) fn byte(what: &'static str, value: usize) -> Result<u8, WriteError> {
    u8::try_from(value).map_err(|_| WriteError::Field { what, value })
}

/// Writes `value` at `at`, little-endian, in as many bytes as the field has.
pub(super) fn put(
    record: &mut [u8],
    at: Range<usize>,
    what: &'static str,
    value: usize,
) -> Result<(), WriteError> {
    let bytes = value.to_le_bytes();
    let (bytes, rest) = bytes.split_at(at.len());
    if rest.iter().any(|&byte| byte != 0) {
        return Err(WriteError::Field { what, value });
    }
    record[at].copy_from_slice(bytes);
    Ok(())
}

/// Writes `text` at `at`, padded with the zeros that are there.
pub(super) fn put_text(
    record: &mut [u8],
    at: Range<usize>,
    what: &'static str,
    text: &str,
) -> Result<(), WriteError> {
    if text.len() > at.len() {
        return Err(WriteError::Field { what, value: text.len() });
    }
    record[at][..text.len()].copy_from_slice(text.as_bytes());
    Ok(())
}

/// Appends an aligned section to `file` and writes its offset at `at`.
pub(super) fn put_section(
    file: &mut Vec<u8>,
    section: &[u8],
    record: &mut [u8],
    at: Range<usize>,
) -> Result<(), WriteError> {
    file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
    put(record, at, "offset of a section", file.len())?;
    file.extend(section);
    Ok(())
}
