//! Normalises a part of the latent, as networks with PixelNorm before their first layer do.

/// Steps of the largest element: a power of two, small enough that the sum of [`MAX_LEN`](super::MAX_LEN) squares is
/// exact in `f64`, in any order.
const STEPS: f64 = (1 << 19) as f64;

/// Divides the elements of a part by the root of their mean square.
///
/// All operations are `f64`. An element z becomes w·√(n / Σw²), where w = ⌊z / largest · 2¹⁹ + ½⌋ and n is the number of
/// elements. Σw² is an exact integer, so a runtime that adds in another order computes the same bits. *range*: zeros
/// stay zeros; NaN gives 0 for itself.
pub(super) struct Norm {
    /// The largest magnitude, at least the smallest normal `f32`.
    largest: f64,
    /// √(n / Σw²)
    factor: f64,
}

impl Norm {
    /// The norm of a part of `len` elements. `each` calls its argument with each of them.
    pub(super) fn new(len: usize, each: impl Fn(&mut dyn FnMut(f32))) -> Self {
        let mut largest = f32::MIN_POSITIVE;
        each(&mut |z| largest = largest.max(z.abs()));
        let mut norm = Self { largest: largest.into(), factor: 1.0 };
        let mut squares = 0.0;
        each(&mut |z| {
            let w = norm.of(z);
            squares += w * w;
        });
        norm.factor = libm::sqrt(len as f64 / if squares > 0.0 { squares } else { 1.0 });
        norm
    }

    /// The normalised element for `z`.
    pub(super) fn of(&self, z: f32) -> f64 {
        f64::from(super::quantize::floor(f64::from(z) / self.largest * STEPS + 0.5)) * self.factor
    }
}
