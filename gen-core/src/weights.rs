//! The order of weights in flash: the only place that knows it.
//!
//! Kernels read the weights strictly forward, as `[row phase][column group][block][column tap][row tap][input
//! pair][feature pair]`, one word at each point. A block is up to `BLOCK` features of a column [`Group`]; the
//! features are the output channels of the group's phases, one phase after the other. Odd numbers of features and of
//! input channels are padded with zero weights.
//!
//! A word holds four 8-bit weights, of features a and b on inputs 0 and 1, as two 16-bit lanes `256·b₀ + a₀` and
//! `256·b₁ + a₁`. Two 16-bit multiply-accumulates per lane give both sums, because
//! `Σ (256·b + a)·x − Σ a·x = 256 · Σ b·x`. That is exact modulo 2³², so it holds for every `Σ b·x` of 24 bits
//! (`CHUNK`). Only a is ever extracted, by sign-extending the low byte.
//!
//! A 12-bit weight fills a lane: it is `256·b + a` with |b| ≤ 8, and a pair is then one feature. `Σ a·x` and `Σ b·x`
//! are accumulated separately and recombined (`recombine`) after the last product. That is exact modulo 2³² for sums
//! of any length and any 16-bit lane; the exporter proves that none of its sums wraps. Blocks have half as many
//! features; the loops are the same.

use crate::axis::{Axis, Group};
use crate::element::Weight;

/// Accumulators of a block: one per feature with 8-bit weights, two per feature with 12-bit weights.
pub(crate) const BLOCK: usize = 8;

/// Most products of `u8` inputs that may be accumulated before b is extracted: 256 · 255 · 128 < 2²³.
pub(crate) const CHUNK: usize = 256;

/// As [`CHUNK`], for 12-bit inputs: 32 · 2047 · 128 < 2²³.
pub(crate) const WIDE_CHUNK: usize = 32;

/// Four bytes of the file: two 16-bit lanes, for inputs 0 and 1.
pub(crate) type Word = [u8; 4];

/// Splits a lane `256·b + a` into `[a, b]`. *range*: −128 ≤ a < 128, −128 ≤ b ≤ 128.
#[cfg(any(feature = "writer", feature = "_kernels"))]
#[inline(always)]
pub const fn split(lane: i16) -> [i32; 2] {
    let a = lane as i8 as i32;
    [a, (lane as i32 - a) >> 8]
}

/// The lanes of a word, for inputs 0 and 1.
#[cfg(any(feature = "_kernels", not(any(gen_core_dsp, gen_core_armv7m))))]
#[inline(always)]
pub(crate) const fn lanes([l0, h0, l1, h1]: Word) -> [i16; 2] {
    [i16::from_le_bytes([l0, h0]), i16::from_le_bytes([l1, h1])]
}

/// Replaces the accumulators `[Σ a·x, Σ b·x]` of each feature with 12-bit weights by its sum `Σ (256·b + a)·x`.
///
/// The sums of `features` features end up in front, in order; the rest is filled with zeros.
#[inline(always)]
pub(crate) fn recombine(sums: &mut [i32; BLOCK], features: usize) {
    for feature in 0..features {
        // Exact modulo 2³² however long the sums are: what a loop adds to one of the two it takes from the other.
        let [a, b] = [sums[2 * feature], sums[2 * feature + 1]];
        sums[feature] = a.wrapping_add(b.wrapping_shl(8));
    }
    sums[features..].fill(0);
}

/// The sizes that decide the order of a layer's weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    /// Geometry along the rows.
    pub rows: Axis,
    /// Geometry along the columns.
    pub columns: Axis,
    /// Channels of the input map.
    pub channels_in: usize,
    /// Channels of the output map.
    pub channels_out: usize,
    /// Type of the weights.
    pub weight: Weight,
}

/// Where the weights of one block lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// First word.
    pub begin: usize,
    /// Features of the block.
    pub features: usize,
    /// Words at each point: one per two features with 8-bit weights, or per feature with 12-bit weights.
    pub pairs: usize,
    /// Number of words.
    pub len: usize,
}

impl Order {
    /// Number of pairs of input channels.
    pub const fn depth(&self) -> usize {
        self.channels_in.div_ceil(2)
    }

    /// Most features of a block.
    pub const fn block_features(&self) -> usize {
        BLOCK / 2 * self.weight.features()
    }

    /// Features of `group`.
    pub const fn features(&self, group: &Group) -> usize {
        group.phases * self.channels_out
    }

    /// Words of all weights. `u64`, because the reader has not yet checked the sizes when it asks.
    pub fn words(&self) -> u64 {
        self.rows.kernel as u64 * self.groups_words(self.columns.groups())
    }

    /// The block of `group` for outputs of `row_phase` that begins with feature number `feature`, a multiple of
    /// [`block_features`](Self::block_features).
    pub fn block(&self, row_phase: usize, group: &Group, feature: usize) -> Block {
        let earlier = self.columns.groups().take_while(|other| other.first < group.first);
        let all = self.groups_words(self.columns.groups()) as usize;
        let taps = group.taps * self.rows.count(row_phase) * self.depth();
        let begin = self.rows.before(row_phase) * all
            + self.rows.count(row_phase) * self.groups_words(earlier) as usize
            + taps * (feature / self.weight.features());
        let features = (self.features(group) - feature).min(self.block_features());
        let pairs = features.div_ceil(self.weight.features());
        Block { begin, features, pairs, len: taps * pairs }
    }

    /// Words of one row tap for all features of `groups`.
    fn groups_words(&self, groups: impl Iterator<Item = Group>) -> u64 {
        let words = |group: Group| {
            group.taps as u64
                * self.features(&group).div_ceil(self.weight.features()) as u64
                * self.depth() as u64
        };
        groups.map(words).sum()
    }
}
