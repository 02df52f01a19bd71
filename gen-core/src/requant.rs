//! From an `i32` accumulator to an element of the output: the only place where anything is rounded.

use crate::element::Element;
use crate::product::{byte, product};
use crate::weights::BLOCK;
use heapless::Vec;

/// Sums of a block's features at one position.
pub type Sums = [i32; BLOCK];

/// What follows a convolution: one fixed-point multiplication, one addition, one shift.
///
/// All of a layer's bias, BatchNorm, activation and quantisation is in these parameters (Jacob et al.
/// 2018, arXiv 1712.05877, with the rounding moved into the constant). They are read in place, as
/// little-endian bytes.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a> {
    /// `m`, 32 fractional bits, one per channel (or feature).
    pub(crate) multipliers: &'a [[u8; 4]],
    /// `C`, 32 fractional bits, one per multiplier; |C| < 2⁶². Holds bias, zero-point and rounding.
    pub(crate) constants: &'a [[u8; 8]],
    pub(crate) activation: Activation<'a>,
    /// What comes out.
    pub(crate) element: Element,
}

/// What the layer's activation needs beyond [`Epilogue`]'s multiplication.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Activation<'a> {
    /// ReLU or none: the clamp to the element is the activation.
    Clamp,
    /// Two slopes, told apart by the sign of accumulator plus bias.
    Slopes { negative: &'a [[u8; 4]], biases: &'a [[u8; 4]] },
    /// Any function, as a table over its domain: the elements, in bytes.
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
    /// What it is called in the file's description: `clamp`, `slopes` or `table`.
    pub const fn name(&self) -> &'static str {
        match self.activation {
            Activation::Clamp => "clamp",
            Activation::Slopes { .. } => "slopes",
            Activation::Table(_) => "table",
        }
    }

    /// Bytes of the table that outputs are looked up in, 0 without one.
    pub const fn table_bytes(&self) -> usize {
        match self.activation {
            Activation::Table(table) => table.len(),
            _ => 0,
        }
    }

    /// Takes the parameters of some features into `parameters`: that of the first is `first`, and behind
    /// `last` they begin again with 0.
    #[inline(never)]
    pub(crate) fn load(
        &self,
        features: usize,
        first: usize,
        last: usize,
        parameters: &mut Vec<Parameters, BLOCK>,
    ) {
        parameters.clear();
        let mut i = first;
        while parameters.len() < features {
            let end = last.saturating_add(1).min(i + features - parameters.len());
            for (&multiplier, &constant) in
                self.multipliers[i..end].iter().zip(&self.constants[i..end])
            {
                let constant = i64::from_le_bytes(constant);
                let multiplier = i32::from_le_bytes(multiplier);
                // Features are those of a block.
                let _ = parameters.push(Parameters { constant, multiplier, negative: 0, bias: 0 });
            }
            i = 0;
        }
        if let Activation::Slopes { negative, biases } = self.activation {
            let mut i = first;
            for feature in &mut *parameters {
                feature.negative = i32::from_le_bytes(negative[i]);
                feature.bias = i32::from_le_bytes(biases[i]);
                i = if i == last { 0 } else { i + 1 };
            }
        }
    }
}

/// The parameters of a feature, taken out of the file for all positions of some rows; the last two are there
/// for slopes only.
#[derive(Clone, Copy)]
pub(crate) struct Parameters {
    constant: i64,
    multiplier: i32,
    negative: i32,
    bias: i32,
}

impl Activation<'_> {
    /// The outputs of sums at neighbouring positions, as bytes, for features from `first` on, whose `parameters` are
    /// given; from one position's to the next's it is `step` bytes. Leaves zeros.
    ///
    /// - clamp: `y = clamp((acc·m + C) >> 32, 0, 255)`
    /// - slopes: `a = acc + b`, `y = clamp((a·(a < 0 ? m₋ : m) + C) >> 32, 0, 255)`
    /// - table: `y = table[clamp((acc·m + C) >> 32, 0, len − 1)]`
    #[inline(never)]
    pub(crate) fn apply(
        &self,
        parameters: &[Parameters],
        first: usize,
        sums: &mut [Sums],
        outputs: &mut [u8],
        step: usize,
    ) {
        match *self {
            Self::Clamp => {
                each(parameters, first, sums, outputs, step, |acc, n| [byte(n.scaled(acc))]);
            }
            Self::Slopes { .. } => {
                each(parameters, first, sums, outputs, step, |acc, n| [byte(n.sloped(acc))]);
            }
            Self::Table(table) => {
                // No table is empty.
                let last = table.last().copied().unwrap_or(0);
                each(parameters, first, sums, outputs, step, |acc, n| {
                    let i = n.scaled(acc).max(0) as usize;
                    [table.get(i).copied().unwrap_or(last)]
                });
            }
        }
    }
}

impl Epilogue<'_> {
    /// Likewise, as whatever the elements are; 12 bits have their own clamp. They are few: one loop for all
    /// activations.
    #[inline(never)]
    pub(crate) fn apply(
        &self,
        parameters: &[Parameters],
        first: usize,
        sums: &mut [Sums],
        outputs: &mut [u8],
        step: usize,
    ) {
        if !self.element.is_wide() {
            return self.activation.apply(parameters, first, sums, outputs, step);
        }
        let (low, high) = (self.element.low().into(), self.element.high().into());
        each(parameters, first, sums, outputs, step, |acc, n| {
            let y = match self.activation {
                Activation::Clamp => n.scaled(acc),
                Activation::Slopes { .. } => n.sloped(acc),
                Activation::Table(table) => {
                    let (entries, _) = table.as_chunks::<2>();
                    // No table is empty.
                    let last = entries.len().saturating_sub(1);
                    let entry = entries.get((n.scaled(acc).max(0) as usize).min(last));
                    // A file may have anything there.
                    i16::from_le_bytes(entry.copied().unwrap_or_default()).into()
                }
            };
            (y.clamp(low, high) as i16).to_le_bytes()
        });
    }
}

impl Parameters {
    /// `(acc·m + C) >> 32`.
    #[inline(always)]
    const fn scaled(&self, acc: i32) -> i32 {
        scale(acc, self.multiplier, self.constant)
    }

    /// `(a·(a < 0 ? m₋ : m) + C) >> 32` of `a = acc + b`.
    #[inline(always)]
    const fn sloped(&self, acc: i32) -> i32 {
        let a = acc.wrapping_add(self.bias);
        let m = if a < 0 { self.negative } else { self.multiplier };
        scale(a, m, self.constant)
    }
}

#[inline(always)]
fn each<const N: usize>(
    parameters: &[Parameters],
    first: usize,
    sums: &mut [Sums],
    outputs: &mut [u8],
    step: usize,
    output: impl Fn(i32, &Parameters) -> [u8; N],
) {
    let len = parameters.len();
    for (position, sums) in sums.iter_mut().enumerate() {
        // Slices that are known to be equally long, for a loop that counts once.
        let sums = &mut sums[first..first + len];
        let outputs = &mut outputs[position * step..position * step + N * len];
        let (outputs, _) = outputs.as_chunks_mut::<N>();
        for (y, (acc, parameters)) in outputs.iter_mut().zip(sums.iter_mut().zip(parameters)) {
            *y = output(core::mem::take(acc), parameters);
        }
    }
}
