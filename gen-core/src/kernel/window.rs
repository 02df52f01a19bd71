//! The input rows a kernel may read.

/// A ring of rows: row `y` of the map lies in slot `y % rows`.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a, T> {
    /// `rows · row_len` elements.
    pub(crate) data: &'a [T],
    /// Slots.
    pub(crate) rows: usize,
    /// Elements of a row, `width · channels`.
    pub(crate) row_len: usize,
}

impl<'a, T> Window<'a, T> {
    /// The rows from `first` on, oldest first: no division while they are read.
    #[inline]
    pub(crate) fn rows_from(&self, first: usize) -> impl Fn(usize) -> &'a [T] + use<'a, T> {
        let Self { data, rows, row_len } = *self;
        let slot = first % rows;
        move |t| {
            let slot = if slot + t < rows { slot + t } else { slot + t - rows };
            &data[slot * row_len..][..row_len]
        }
    }
}
