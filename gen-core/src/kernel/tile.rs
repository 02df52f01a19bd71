//! The innermost loops.

pub use crate::requant::Sums;
use crate::weights::Word;

/// Positions that are computed together.
pub const POSITIONS: usize = 3;

/// A way to sum products. Every call may have at most [`CHUNK`](crate::weights::CHUNK) products for a sum of 8-bit
/// weights (12-bit inputs: [`WIDE_CHUNK`](crate::weights::WIDE_CHUNK)), at least one, and adds to the sums that it is
/// given, those of features that are there.
pub trait Tile {
    /// Whether [`across`](Self::across) is there, for which neighbouring columns are neighbours in
    /// the scratch.
    const ACROSS: bool;

    /// Expands a row to planes of words, if there is a faster way than the common one and the sizes
    /// suit it; says whether it did.
    #[inline(always)]
    fn expand(_row: &[u8], _channels: usize, _zero_point: u8, _words: &mut [Word]) -> bool {
        false
    }

    /// One position, `pairs` pairs of features, the planes of one column tap or of several that follow
    /// one another.
    ///
    /// *shapes*: `weights` begins with `[plane][pair]` of `planes` planes; of `inputs` every
    /// `plane`-th word, from the first, belongs to one of them.
    fn column(
        inputs: &[Word],
        plane: usize,
        planes: usize,
        weights: &[Word],
        pairs: usize,
        sums: &mut Sums,
    );

    /// [`POSITIONS`] neighbouring positions, two column taps.
    ///
    /// *shapes*: of `inputs`, a word more than positions from every `plane`-th on belong to one of
    /// `planes` planes.
    fn across(
        _inputs: &[Word],
        _plane: usize,
        _planes: usize,
        _weights: TapPair<'_>,
        _sums: &mut [Sums; POSITIONS],
    ) {
    }
}

/// The weights of a block for two column taps.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(any(feature = "_kernels", gen_core_dsp, gen_core_lanes)),
    allow(dead_code, reason = "only some loops go across positions")
)]
pub struct TapPair<'a> {
    /// `[plane][pair]`, from the first plane of the first tap on.
    pub words: &'a [Word],
    /// From there to the second tap, words.
    pub tap: usize,
    /// Pairs of features.
    pub pairs: usize,
}
