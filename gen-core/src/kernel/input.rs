//! The input rows of a kernel.

use crate::weights::{CHUNK, WIDE_CHUNK};

/// A layer's input.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Of the first layer: a map of one pixel with 12-bit elements.
    Latent(&'a [i16]),
    /// Of any other layer: 8-bit elements with the layer's zero-point.
    Rows(Window<'a>),
    /// Of any other layer: 12-bit elements, little-endian `i16`.
    Wide(Window<'a>),
}

/// A ring of rows. Row `y` of the map lies in slot `y % rows`.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// `rows · row_len` bytes.
    pub(crate) data: &'a [u8],
    /// Number of slots.
    pub(crate) rows: usize,
    /// Bytes of one row, `width · channels` elements.
    pub(crate) row_len: usize,
}

impl Input<'_> {
    /// Most products that may be accumulated before b is extracted from a sum ([`weights`](crate::weights)).
    pub(super) const fn chunk(&self) -> usize {
        match self {
            Self::Latent(_) | Self::Wide(_) => WIDE_CHUNK,
            Self::Rows(_) => CHUNK,
        }
    }

    /// Element `element` of row `y`.
    #[cfg(feature = "_kernels")]
    pub(super) fn at(&self, y: usize, element: usize) -> i32 {
        match self {
            Self::Latent(latent) => latent[element].into(),
            Self::Rows(Window { data, rows, row_len }) => data[y % rows * row_len + element].into(),
            Self::Wide(Window { data, rows, row_len }) => {
                let row = &data[y % rows * row_len..];
                i16::from_le_bytes([row[2 * element], row[2 * element + 1]]).into()
            }
        }
    }
}

impl<'a> Window<'a> {
    /// A function that gives row `first + t` of the map for `t` below the number of slots, without a division.
    #[inline]
    pub(super) fn rows_from(&self, first: usize) -> impl Fn(usize) -> &'a [u8] + use<'a> {
        let Self { data, rows, row_len } = *self;
        let slot = first % rows;
        move |t| {
            let slot = if slot + t < rows { slot + t } else { slot + t - rows };
            &data[slot * row_len..][..row_len]
        }
    }
}
