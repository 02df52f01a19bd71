//! The size of a feature map.

/// The size of a feature map in HWC order: rows, columns, channels, all in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels. Those of one position are contiguous in memory.
    pub channels: usize,
}

impl Shape {
    /// Elements of one row, `width · channels`.
    pub const fn row(self) -> usize {
        self.width * self.channels
    }

    /// Elements of the whole map.
    pub const fn elements(self) -> u64 {
        self.height as u64 * self.row() as u64
    }
}
