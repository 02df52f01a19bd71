//! The innermost loops.

use crate::weights::Word;

/// Sums of features a and b.
pub type Sums = [i32; 2];

/// A way to sum products. Every call may have at most [`CHUNK`](super::Input::CHUNK) products for a
/// sum, at least one, and adds to the sums that it is given.
pub trait Tile {
    /// Whether neighbouring columns are neighbours in the scratch: as [`across`](Self::across) wants
    /// them.
    const ACROSS: bool;

    /// One position, one column tap, `PAIRS` pairs of features.
    ///
    /// *shapes*: `weights` is `[plane][pair]`; of `inputs` every `plane`-th word, from the first,
    /// belongs to one plane.
    fn column<const PAIRS: usize>(
        inputs: &[Word],
        plane: usize,
        weights: &[Word],
        sums: &mut [Sums; PAIRS],
    );

    /// `N` neighbouring positions (2 or 3), two column taps, one pair of features. Only where
    /// [`ACROSS`](Self::ACROSS) is set.
    ///
    /// *shapes*: of `weights`, `[plane][pair]` of `PAIRS` pairs, the first pair of the first tap;
    /// `tap` words on, that of the second. Of `inputs`, `N + 1` words from every `plane`-th on belong
    /// to one of `planes` planes.
    fn across<const PAIRS: usize, const N: usize>(
        _inputs: &[Word],
        _planes: usize,
        _plane: usize,
        _weights: &[Word],
        _tap: usize,
        _sums: &mut [Sums; N],
    ) {
    }
}
