//! Sections: the aligned ranges of bytes after the tables.

use crate::format::{ALIGNMENT, FormatError};

/// The file, and where its tables end.
pub(super) struct Sections<'a> {
    pub(super) file: &'a [u8],
    pub(super) begin: usize,
}

impl<'a> Sections<'a> {
    /// The section of `len` bytes at `offset`.
    ///
    /// # Errors
    ///
    /// [`FormatError::Section`] if it is misaligned, reaches into the tables or beyond the file.
    pub(super) fn get(&self, offset: usize, len: u64) -> Result<&'a [u8], FormatError> {
        let error =
            FormatError::Section { offset, len: usize::try_from(len).unwrap_or(usize::MAX) };
        if !offset.is_multiple_of(ALIGNMENT) || offset < self.begin {
            return Err(error);
        }
        let len = usize::try_from(len).map_err(|_| error)?;
        let end = offset.checked_add(len).ok_or(error)?;
        self.file.get(offset..end).ok_or(error)
    }
}
