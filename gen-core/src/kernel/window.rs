//! The input rows a kernel may read.

/// A ring of rows: row `y` of the map lies in slot `y % rows`.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a, T> {
    /// `rows · row_len` elements.
    pub(crate) data: &'a [T],
    /// Slots.
    pub(crate) rows: usize,
    /// Elements of a row, `width · channels`.
    pub(crate) row_len: usize,
}

impl<'a, T> Window<'a, T> {
    #[inline]
    pub(crate) fn row(&self, y: usize) -> &'a [T] {
        &self.data[y % self.rows * self.row_len..][..self.row_len]
    }
}
