//! From an `i32` accumulator to a `u8` output: the only place where anything is rounded.

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
    ((acc as i64 * m as i64 + c) >> FRACTION_BITS) as i32
}

impl<'a> Epilogue<'a> {
    /// The numbers of channel (or feature) `i`.
    #[inline(always)]
    pub(crate) fn scaler(&self, i: usize) -> Scaler<'a> {
        let m = i32::from_le_bytes(self.multipliers[i]);
        let c = i64::from_le_bytes(self.constants[i]);
        let then = match self.activation {
            Activation::Clamp => Then::Clamp,
            Activation::Slopes { negative, biases } => Then::Slopes {
                negative: i32::from_le_bytes(negative[i]),
                bias: i32::from_le_bytes(biases[i]),
            },
            Activation::Table(table) => Then::Table(table),
        };
        Scaler { m, c, then }
    }
}

/// An epilogue for one channel (or feature).
#[derive(Clone, Copy)]
pub(crate) struct Scaler<'a> {
    m: i32,
    c: i64,
    then: Then<'a>,
}

#[derive(Clone, Copy)]
enum Then<'a> {
    Clamp,
    Slopes { negative: i32, bias: i32 },
    Table(&'a [u8]),
}

impl Scaler<'_> {
    /// The output for accumulator `acc`.
    ///
    /// - clamp: `y = clamp((acc·m + C) >> 32, 0, 255)`
    /// - slopes: `a = acc + b`, `y = clamp((a·(a < 0 ? m₋ : m) + C) >> 32, 0, 255)`
    /// - table: `y = table[clamp((acc·m + C) >> 32, 0, len − 1)]`
    #[inline(always)]
    pub(crate) fn apply(&self, acc: i32) -> u8 {
        match self.then {
            Then::Clamp => scale(acc, self.m, self.c).clamp(0, 255) as u8,
            Then::Slopes { negative, bias } => {
                let a = acc + bias;
                let m = if a < 0 { negative } else { self.m };
                scale(a, m, self.c).clamp(0, 255) as u8
            }
            Then::Table(table) => {
                table[scale(acc, self.m, self.c).clamp(0, table.len() as i32 - 1) as usize]
            }
        }
    }

    /// The outputs for several accumulators.
    #[inline(always)]
    pub(crate) fn apply_all<'o>(
        &self,
        accs: impl Iterator<Item = i32>,
        outputs: impl Iterator<Item = &'o mut u8>,
    ) {
        accs.zip(outputs).for_each(|(acc, output)| *output = self.apply(acc));
    }
}
