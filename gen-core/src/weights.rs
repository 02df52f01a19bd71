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

use crate::axis::{Axis, Group};

/// Most features of a block.
pub const BLOCK: usize = 8;

/// Most products of `u8` inputs that can be summed before b is taken out of a sum:
/// 256 · 255 · 128 < 2²³.
pub const CHUNK: usize = 256;

/// The same for 12-bit latents: 32 · 2047 · 128 < 2²³.
pub const LATENT_CHUNK: usize = 32;

/// Four weights, as they lie in the file.
pub type Word = [u8; 4];

/// The weights of features a and b in one 16-bit number: −128 ≤ a < 128, −128 ≤ b ≤ 128.
#[inline(always)]
pub const fn split(number: i16) -> [i32; 2] {
    let a = number as i8 as i32;
    [a, (number as i32 - a) >> 8]
}

/// The numbers of a word, for inputs 0 and 1.
#[inline(always)]
pub const fn numbers([l0, h0, l1, h1]: Word) -> [i16; 2] {
    [i16::from_le_bytes([l0, h0]), i16::from_le_bytes([l1, h1])]
}

/// The word of `[[a₀, b₀], [a₁, b₁]]`; each within ±127.
pub const fn join(weights: [[i8; 2]; 2]) -> Word {
    let [[a0, b0], [a1, b1]] = weights;
    let (n0, n1) = (256 * b0 as i32 + a0 as i32, 256 * b1 as i32 + a1 as i32);
    let ([l0, h0], [l1, h1]) = ((n0 as i16).to_le_bytes(), (n1 as i16).to_le_bytes());
    [l0, h0, l1, h1]
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
}

/// Where the weights of one block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// First word.
    pub begin: usize,
    /// Words at each point, one for two features.
    pub pairs: usize,
    /// Words.
    pub len: usize,
}

impl Order {
    /// Pairs of input channels.
    pub const fn depth(&self) -> usize {
        self.channels_in.div_ceil(2)
    }

    /// Features of a group.
    pub const fn features(&self, group: &Group) -> usize {
        group.phases * self.channels_out
    }

    /// Words of all weights, in `u64` because nothing has been checked yet.
    pub fn words(&self) -> u64 {
        self.rows.kernel as u64 * self.groups_words(self.columns.groups())
    }

    /// The block of `group` that begins with `feature`, a multiple of [`BLOCK`], for outputs of
    /// `row_phase`.
    pub fn block(&self, row_phase: usize, group: &Group, feature: usize) -> Block {
        let earlier = self.columns.groups().take_while(|other| other.first < group.first);
        let all = self.groups_words(self.columns.groups()) as usize;
        let taps = group.taps * self.rows.count(row_phase) * self.depth();
        let begin = self.rows.before(row_phase) * all
            + self.rows.count(row_phase) * self.groups_words(earlier) as usize
            + taps * (feature / 2);
        let pairs = (self.features(group) - feature).min(BLOCK).div_ceil(2);
        Block { begin, pairs, len: taps * pairs }
    }

    /// Words of one row tap, all features of `groups`.
    fn groups_words(&self, groups: impl Iterator<Item = Group>) -> u64 {
        let words = |group: Group| {
            group.taps as u64 * self.features(&group).div_ceil(2) as u64 * self.depth() as u64
        };
        groups.map(words).sum()
    }
}
