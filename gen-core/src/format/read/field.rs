//! Fields of a record. Callers have checked that `range` lies within `bytes`.

use core::ops::Range;

/// A little-endian `u16`.
pub(super) fn u16_at(bytes: &[u8], range: Range<usize>) -> usize {
    usize::from(u16::from_le_bytes([bytes[range.start], bytes[range.start + 1]]))
}

/// A little-endian `u32`.
pub(super) fn u32_at(bytes: &[u8], range: Range<usize>) -> usize {
    let at = range.start;
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
}

/// UTF-8 text padded with zeros. `None` if the text is empty, not UTF-8, or followed by anything but zeros.
pub(super) fn text(field: &[u8]) -> Option<&str> {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    let (text, rest) = field.split_at(end);
    let filled = rest.iter().all(|&byte| byte == 0) && !text.is_empty();
    core::str::from_utf8(text).ok().filter(|_| filled)
}
