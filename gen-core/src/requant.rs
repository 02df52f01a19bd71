//! Requantisation, from an `i32` accumulator to an output element: the only place that drops bits. It floors. The
//! constants include the ½ that makes it round half up, except those of a table, whose index is floored.

use crate::element::Element;
use crate::weights::BLOCK;
use core::hint::select_unpredictable;
use heapless::Vec;

/// The accumulators of a block at one position.
pub(crate) type Sums = [i32; BLOCK];

/// The epilogue of a convolution: one fixed-point multiplication, one addition, one shift, and the activation.
///
/// Its parameters hold the layer's bias, BatchNorm, activation and requantisation. They are read in place, as
/// little-endian bytes. *source*: Jacob et al. 2018, arXiv 1712.05877; here the rounding is part of the constant.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a> {
    /// `m`, 32 fractional bits, one per channel or per feature.
    pub(crate) multipliers: &'a [[u8; 4]],
    /// `C`, 32 fractional bits, one per multiplier; |C| < 2⁶². Holds bias, zero-point and rounding.
    pub(crate) constants: &'a [[u8; 8]],
    pub(crate) activation: Activation<'a>,
    /// Element type of the output.
    pub(crate) element: Element,
}

/// The activation, with the parameters that it needs beside the multiplier and the constant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Activation<'a> {
    /// ReLU or none: clamping to the element's range is all there is to do.
    Clamp,
    /// PReLU and leaky ReLU: the sign of accumulator plus bias chooses between two multipliers.
    Slopes { negative: &'a [[u8; 4]], biases: &'a [[u8; 4]] },
    /// Any function, as a table of output elements, in bytes. Not empty.
    Table(&'a [u8]),
}

/// Fractional bits of multipliers and constants.
pub const FRACTION_BITS: u32 = 32;

/// Bound on the magnitude of a constant, exclusive: `acc · m + C` then fits `i64` for every `i32`
/// accumulator and multiplier.
pub const CONSTANT_LIMIT: i64 = 1 << 62;

/// `⌊(acc · m + c) / 2³²⌋`. *exact* for |c| < [`CONSTANT_LIMIT`]: no step rounds or overflows.
#[inline(always)]
pub const fn scale(acc: i32, m: i32, c: i64) -> i32 {
    // ARMv6-M's multiplier gives 32 bits; for 64 the compiler would call a 64-by-64-bit function.
    let product =
        if cfg!(gen_core_armv6m) { product_of_halves(acc, m) } else { acc as i64 * m as i64 };
    // 63 bits less 32 fit.
    ((product + c) >> FRACTION_BITS) as i32
}

/// `a · b`, from the products of their 16-bit halves; lower halves are unsigned, upper halves signed. *exact*.
#[inline(always)]
const fn product_of_halves(a: i32, b: i32) -> i64 {
    let (a_low, a_high) = (a & 0xffff, a >> 16);
    let (b_low, b_high) = (b & 0xffff, b >> 16);
    let low = (a_low as u32) * (b_low as u32);
    // Neither of the next two overflows: −2¹⁵ ≤ high < 2¹⁵ and low < 2¹⁶, so a product is at most
    // (2¹⁵ − 1) · (2¹⁶ − 1), and less than 2¹⁶ is added to it.
    let middle = a_high * b_low + (low >> 16) as i32;
    let other = a_low * b_high + (middle & 0xffff);
    let high = a_high * b_high + (middle >> 16) + (other >> 16);
    (high as i64) << 32 | ((other as u32) << 16 | low & 0xffff) as i64
}

/// `clamp(y, 0, 255)`.
///
/// Without branches on x86-64: half of a ReLU's inputs are negative, at random, so branches are mispredicted. A picture
/// of 128-64-32-16-3 took 0.40 ms with branches and takes 0.25 ms without (EPYC, Zen 4).
#[inline(always)]
fn clamp_to_byte(y: i32) -> u8 {
    if cfg!(gen_core_lanes) {
        select_unpredictable(y < 0, 0, select_unpredictable(y > 255, 255, y)) as u8
    } else {
        y.clamp(0, 255) as u8
    }
}

impl<'a> Epilogue<'a> {
    /// The activation's name in reports: `clamp`, `slopes` or `table`.
    #[cfg(feature = "writer")]
    pub const fn name(&self) -> &'static str {
        match self.activation {
            Activation::Clamp => "clamp",
            Activation::Slopes { .. } => "slopes",
            Activation::Table(_) => "table",
        }
    }

    /// Bytes of the activation's table, 0 without one.
    #[cfg(feature = "writer")]
    pub const fn table_bytes(&self) -> usize {
        match self.activation {
            Activation::Table(table) => table.len(),
            _ => 0,
        }
    }

    /// Loads the parameters of `features` features into `parameters`, from index `first` on. After index `last` they
    /// start again at 0, as channels do from one phase to the next.
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
                // Cannot fail: a block has at most BLOCK features.
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

/// The epilogue's parameters of one feature, loaded once for many positions. `negative` and `bias` are 0 unless the
/// activation is `Slopes`.
#[derive(Clone, Copy)]
pub(crate) struct Parameters {
    constant: i64,
    multiplier: i32,
    negative: i32,
    bias: i32,
}

impl Activation<'_> {
    /// Computes the 8-bit outputs of neighbouring positions, and resets their accumulators to 0.
    ///
    /// *shapes*: `parameters` of the features from `first` on; `sums` one per position; `outputs` of one position
    /// begin `step` bytes after those of the position before.
    ///
    /// - clamp: `y = clamp((acc·m + C) >> 32, 0, 255)`
    /// - slopes: `a = acc + b`, `y = clamp((a·(a < 0 ? m₋ : m) + C) >> 32, 0, 255)`
    /// - table: `y = table[clamp((acc·m + C) >> 32, 0, len − 1)]`
    #[inline(never)]
    pub(crate) fn apply_to_bytes(
        &self,
        parameters: &[Parameters],
        first: usize,
        sums: &mut [Sums],
        outputs: &mut [u8],
        step: usize,
    ) {
        match *self {
            Self::Clamp => {
                each(parameters, first, sums, outputs, step, |acc, n| {
                    [clamp_to_byte(n.scaled(acc))]
                });
            }
            Self::Slopes { .. } => {
                each(parameters, first, sums, outputs, step, |acc, n| {
                    [clamp_to_byte(n.sloped(acc))]
                });
            }
            Self::Table(table) => {
                // A table is never empty.
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
    /// As [`Activation::apply_to_bytes`], for any element type. 12-bit layers are rare, so one loop serves every
    /// activation.
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
            return self.activation.apply_to_bytes(parameters, first, sums, outputs, step);
        }
        let (low, high) = (self.element.low().into(), self.element.high().into());
        each(parameters, first, sums, outputs, step, |acc, n| {
            let y = match self.activation {
                Activation::Clamp => n.scaled(acc),
                Activation::Slopes { .. } => n.sloped(acc),
                Activation::Table(table) => {
                    let (entries, _) = table.as_chunks::<2>();
                    // A table is never empty.
                    let last = entries.len().saturating_sub(1);
                    let entry = entries.get((n.scaled(acc).max(0) as usize).min(last));
                    // Clamped below: the reader does not check entries.
                    i16::from_le_bytes(entry.copied().unwrap_or_default()).into()
                }
            };
            (y.clamp(low, high) as i16).to_le_bytes()
        });
    }
}

impl Parameters {
    /// `(acc·m + C) >> 32`, before the clamp.
    #[inline(always)]
    const fn scaled(&self, acc: i32) -> i32 {
        scale(acc, self.multiplier, self.constant)
    }

    /// `(a·(a < 0 ? m₋ : m) + C) >> 32` with `a = acc + b`, before the clamp.
    #[inline(always)]
    const fn sloped(&self, acc: i32) -> i32 {
        let a = acc.wrapping_add(self.bias);
        let m = if a < 0 { self.negative } else { self.multiplier };
        scale(a, m, self.constant)
    }
}

/// Computes every output of neighbouring positions with `output` and resets the accumulators. Shapes are those of
/// [`Activation::apply_to_bytes`]; an output has `N` bytes.
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
        // Slices of the same known length, so that the loop has one counter and no bounds checks.
        let sums = &mut sums[first..first + len];
        let outputs = &mut outputs[position * step..position * step + N * len];
        let (outputs, _) = outputs.as_chunks_mut::<N>();
        for (y, (acc, parameters)) in outputs.iter_mut().zip(sums.iter_mut().zip(parameters)) {
            *y = output(core::mem::take(acc), parameters);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::product_of_halves;

    #[test]
    fn products_of_halves_are_exact() {
        let edges =
            [0, 1, 2, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff].map(|x: i32| [x, !x, -x]);
        let spread = (0..200).map(|i: i32| i.wrapping_mul(0x9e37_79b1_u32 as i32));
        let numbers: Vec<i32> = edges.into_iter().flatten().chain(spread).collect();
        for &a in &numbers {
            for &b in &numbers {
                assert_eq!(product_of_halves(a, b), i64::from(a) * i64::from(b), "{a} * {b}");
            }
        }
    }
}
