//! From an `i32` accumulator to a `u8` output: the only place where anything is rounded.

use crate::product::product;
use crate::weights::BLOCK;
use core::ops::Range;

/// What follows a convolution: one fixed-point multiplication, one addition, one shift.
///
/// All of a layer's bias, BatchNorm, activation and quantisation is in these numbers (Jacob et al.
/// 2018, arXiv 1712.05877, with the rounding moved into the constant). They are read in place, as
/// little-endian bytes.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a> {
    /// `m`, 32 fractional bits, one per channel (or feature).
    pub(crate) multipliers: &'a [[u8; 4]],
    /// `C`, 32 fractional bits, one per multiplier; |C| < 2⁶². Holds bias, zero-point and rounding.
    pub(crate) constants: &'a [[u8; 8]],
    pub(crate) activation: Activation<'a>,
}

/// What the layer's activation needs beyond [`Epilogue`]'s multiplication.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Activation<'a> {
    /// ReLU or none: the clamp to `u8` is the activation.
    Clamp,
    /// Two slopes, told apart by the sign of accumulator plus bias.
    Slopes { negative: &'a [[u8; 4]], biases: &'a [[u8; 4]] },
    /// Any function, as a table over its domain.
    Table(&'a [u8]),
}

/// Fractional bits of multipliers and constants.
pub const FRACTION_BITS: u32 = 32;

/// Bound on the magnitude of a constant, exclusive: `acc · m + C` then fits `i64` for every `i32`
/// accumulator and multiplier.
pub const CONSTANT_LIMIT: i64 = 1 << 62;

/// `⌊(acc · m + c) / 2³²⌋`, exact: no step rounds or overflows for |c| < 2⁶².
#[inline(always)]
pub const fn scale(acc: i32, m: i32, c: i64) -> i32 {
    // What is left of 63 bits fits.
    ((product(acc, m) + c) >> FRACTION_BITS) as i32
}

impl<'a> Epilogue<'a> {
    /// Takes the numbers of `features` of a block: that of the first is `first`, and behind `last`
    /// they begin again with 0.
    #[inline(never)]
    pub(crate) fn block(&self, features: Range<usize>, first: usize, last: usize) -> Scalers<'a> {
        let mut numbers = [Numbers::default(); BLOCK];
        let mut i = first;
        for numbers in &mut numbers[features] {
            numbers.multiplier = i32::from_le_bytes(self.multipliers[i]);
            numbers.constant = i64::from_le_bytes(self.constants[i]);
            if let Activation::Slopes { negative, biases } = self.activation {
                numbers.negative = i32::from_le_bytes(negative[i]);
                numbers.bias = i32::from_le_bytes(biases[i]);
            }
            i = if i == last { 0 } else { i + 1 };
        }
        Scalers { numbers, activation: self.activation }
    }
}

/// The numbers of a block of features, taken out of the file for all positions of a row.
pub(crate) struct Scalers<'a> {
    numbers: [Numbers; BLOCK],
    activation: Activation<'a>,
}

/// Those of one feature; the last two for slopes only.
#[derive(Clone, Copy, Default)]
struct Numbers {
    constant: i64,
    multiplier: i32,
    negative: i32,
    bias: i32,
}

impl Scalers<'_> {
    /// The outputs for accumulators of features from `first` on.
    ///
    /// - clamp: `y = clamp((acc·m + C) >> 32, 0, 255)`
    /// - slopes: `a = acc + b`, `y = clamp((a·(a < 0 ? m₋ : m) + C) >> 32, 0, 255)`
    /// - table: `y = table[clamp((acc·m + C) >> 32, 0, len − 1)]`
    #[inline(never)]
    pub(crate) fn apply(&self, first: usize, accs: &[i32; BLOCK], outputs: &mut [u8]) {
        let each = outputs.iter_mut().zip(accs[first..].iter().zip(&self.numbers[first..]));
        match self.activation {
            Activation::Clamp => each.for_each(|(y, (&acc, n))| {
                *y = scale(acc, n.multiplier, n.constant).clamp(0, 255) as u8;
            }),
            Activation::Slopes { .. } => each.for_each(|(y, (&acc, n))| {
                let a = acc + n.bias;
                let m = if a < 0 { n.negative } else { n.multiplier };
                *y = scale(a, m, n.constant).clamp(0, 255) as u8;
            }),
            Activation::Table(table) => {
                // No table is empty.
                let last = table.len() - 1;
                each.for_each(|(y, (&acc, n))| {
                    let i = scale(acc, n.multiplier, n.constant).max(0) as usize;
                    *y = table[i.min(last)];
                });
            }
        }
    }
}
