//! The innermost loop of a kernel, as a trait.

pub(crate) use crate::requant::Sums;
use crate::weights::Word;

/// Positions that [`Tile::across`] computes together.
pub const POSITIONS: usize = 3;

/// The innermost loop: adds products to the accumulators of a block.
///
/// *range*: a call adds at least 1 product to each accumulator. With 8-bit weights it adds at most
/// [`CHUNK`](crate::weights::CHUNK), or [`WIDE_CHUNK`](crate::weights::WIDE_CHUNK) of 12-bit inputs.
pub trait Tile {
    /// Whether [`across`](Self::across) is implemented. It needs neighbouring columns to be neighbours in the scratch,
    /// so planes are outermost there.
    const ACROSS: bool;

    /// Expands a row of bytes to planes of words, if the processor has a faster way than the common one and the sizes
    /// suit it. Returns whether it did.
    #[inline(always)]
    fn expand(_row: &[u8], _channels: usize, _zero_point: u8, _words: &mut [Word]) -> bool {
        false
    }

    /// Adds the products of `planes` planes, of one column tap or of consecutive ones, at one position.
    ///
    /// *shapes*: `weights` begins with `[planes][pairs]`; `inputs` has the word of one plane at every `plane`-th
    /// place, from the first on; `sums` are those of `pairs` pairs of features.
    fn column(
        inputs: &[Word],
        plane: usize,
        planes: usize,
        weights: &[Word],
        pairs: usize,
        sums: &mut Sums,
    );

    /// Adds the products of two column taps at [`POSITIONS`] neighbouring positions.
    ///
    /// *shapes*: `inputs` has [`POSITIONS`] + 1 consecutive words of one plane from every `plane`-th place on; `sums`
    /// one per position.
    fn across(
        _inputs: &[Word],
        _plane: usize,
        _planes: usize,
        _weights: TapPair<'_>,
        _sums: &mut [Sums; POSITIONS],
    ) {
    }
}

/// The weights of a block for two consecutive column taps.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(any(feature = "_kernels", gen_core_dsp, gen_core_lanes)),
    allow(dead_code, reason = "only some loops go across positions")
)]
pub struct TapPair<'a> {
    /// `[plane][pair]`, beginning with the first plane of the first tap.
    pub words: &'a [Word],
    /// Words from there to the second tap.
    pub tap: usize,
    /// Number of pairs of features.
    pub pairs: usize,
}
