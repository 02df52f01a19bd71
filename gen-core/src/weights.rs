//! The order of weights in flash: the only place that knows it.
//!
//! Kernels walk forward through `[row phase][column group][block][column tap][row tap][input
//! pair][feature pair]`, a word at each point. A block is up to [`BLOCK`] features of a column
//! [`Group`], which are its phases' output channels one after the other. An odd number of features
//! or of input channels is filled up with zeros.
//!
//! A word holds four weights, of features a and b on inputs 0 and 1, as two 16-bit numbers
//! `256·b₀ + a₀` and `256·b₁ + a₁`, each the exact sum of signed terms. Two 16-bit multiplications
//! then do for b what extracting it would: `Σ (256·b + a)·x − Σ a·x = 256 · Σ b·x`, exact modulo
//! 2³² and so for every `Σ b·x` of 24 bits ([`CHUNK`]). Only a is ever extracted, by a sign
//! extension of the low byte.
//!
//! A 12-bit weight is such a number by itself, 256·b + a with |b| ≤ 8: a pair is then one feature, of which
//! `Σ a·x` and `Σ b·x` are summed apart and put together behind the last ([`recombine`]), exact modulo 2³² for sums
//! of any length and any 16 bits; the exporter proves that none of its sums is larger. Blocks have half as many
//! features, loops are the same.

use crate::axis::{Axis, Group};
use crate::element::Weight;

/// Most sums of a block: its features, or two for each that has 12-bit weights.
pub const BLOCK: usize = 8;

/// Most products of `u8` inputs that can be summed before b is taken out of a sum:
/// 256 · 255 · 128 < 2²³.
pub const CHUNK: usize = 256;

/// The same for 12-bit inputs: 32 · 2047 · 128 < 2²³.
pub const WIDE_CHUNK: usize = 32;

/// Four weights, as they lie in the file.
pub type Word = [u8; 4];

/// The weights of features a and b in one 16-bit number: −128 ≤ a < 128, −128 ≤ b ≤ 128.
#[inline(always)]
pub const fn split(lane: i16) -> [i32; 2] {
    let a = lane as i8 as i32;
    [a, (lane as i32 - a) >> 8]
}

/// The numbers of a word, for inputs 0 and 1.
#[inline(always)]
pub const fn lanes([l0, h0, l1, h1]: Word) -> [i16; 2] {
    [i16::from_le_bytes([l0, h0]), i16::from_le_bytes([l1, h1])]
}

/// The number of two features' weights; each within ±127.
pub const fn join(a: i16, b: i16) -> i16 {
    (256 * b as i32 + a as i32) as i16
}

/// The word of the numbers for inputs 0 and 1.
pub const fn word([first, second]: [i16; 2]) -> Word {
    let ([l0, h0], [l1, h1]) = (first.to_le_bytes(), second.to_le_bytes());
    [l0, h0, l1, h1]
}

/// Puts the sums of 12-bit weights together, in front, those of `features` features; leaves zeros behind them.
#[inline(always)]
pub fn recombine(sums: &mut [i32; BLOCK], features: usize) {
    for feature in 0..features {
        // However long the sums are: all loops take from b what they give to a.
        let [a, b] = [sums[2 * feature], sums[2 * feature + 1]];
        sums[feature] = a.wrapping_add(b.wrapping_shl(8));
    }
    sums[features..].fill(0);
}

/// The sizes that decide the order of a layer's weights.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Geometry along the rows.
    pub rows: Axis,
    /// Geometry along the columns.
    pub columns: Axis,
    /// Channels of the input map.
    pub channels_in: usize,
    /// Channels of the output map.
    pub channels_out: usize,
    /// What weights are.
    pub weight: Weight,
}

/// Where the weights of one block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// First word.
    pub begin: usize,
    /// Its features.
    pub features: usize,
    /// Words at each point, one for a pair of features or for one of 12-bit weights.
    pub pairs: usize,
    /// Words.
    pub len: usize,
}

impl Order {
    /// Pairs of input channels.
    pub const fn depth(&self) -> usize {
        self.channels_in.div_ceil(2)
    }

    /// Most features of a block.
    pub const fn block_features(&self) -> usize {
        BLOCK / 2 * self.weight.features()
    }

    /// Features of a group.
    pub const fn features(&self, group: &Group) -> usize {
        group.phases * self.channels_out
    }

    /// Words of all weights, in `u64` because nothing has been checked yet.
    pub fn words(&self) -> u64 {
        self.rows.kernel as u64 * self.groups_words(self.columns.groups())
    }

    /// The block of `group` that begins with `feature`, a multiple of
    /// [`block_features`](Self::block_features), for outputs of `row_phase`.
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

    /// Words of one row tap, all features of `groups`.
    fn groups_words(&self, groups: impl Iterator<Item = Group>) -> u64 {
        let words = |group: Group| {
            group.taps as u64
                * self.features(&group).div_ceil(self.weight.features()) as u64
                * self.depth() as u64
        };
        groups.map(words).sum()
    }
}
