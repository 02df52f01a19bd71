//! The quantisation of a tensor: the real values that its integer elements stand for.

use gen_core::element::Element;

/// Affine quantisation of a tensor: element `q` stands for `real = scale·(q − zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantization {
    /// Real value of one step.
    pub scale: f64,
    /// The zero-point: the element that stands for 0. It is 0 in 12 bits.
    pub zero_point: u8,
    /// The type of an element.
    pub element: Element,
}

impl Quantization {
    /// 8-bit quantisation from about `low` ≤ 0 to `high` ≥ 0. The ends move by up to a step so that 0 is exact.
    pub fn new(low: f64, high: f64) -> Self {
        // A tensor of zeros needs some scale.
        let scale = if high > low { (high - low) / 255.0 } else { 1.0 / 255.0 };
        let zero_point = (-low / scale).round().clamp(0.0, 255.0) as u8;
        Self { scale, zero_point, element: Element::Byte }
    }

    /// The smallest real value that an element holds.
    pub fn low(self) -> f64 {
        self.real(self.element.low())
    }

    /// The largest real value that an element holds.
    pub fn high(self) -> f64 {
        self.real(self.element.high())
    }

    /// The element nearest to `real`, half away from zero, clamped to what an element holds.
    pub fn quantize(self, real: f64) -> i16 {
        let (low, high) = (self.element.low(), self.element.high());
        ((real / self.scale).round() + f64::from(self.zero_point)).clamp(low.into(), high.into())
            as i16
    }

    /// The real value of element `q`.
    pub fn real(self, q: i16) -> f64 {
        (f64::from(q) - f64::from(self.zero_point)) * self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_exact() {
        assert_eq!(Quantization::new(0.0, 0.0).quantize(0.0), 0);
        for (low, high) in [(0.0, 3.0), (-1.0, 1.0), (-0.1, 7.0), (-5.0, 0.0)] {
            let it = Quantization::new(low, high);
            assert_eq!(it.real(it.quantize(0.0)), 0.0);
            assert!((it.low() - low).abs() <= it.scale);
            assert!((it.high() - high).abs() <= it.scale);
        }
    }
}
