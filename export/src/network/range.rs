//! The range of a tensor: of an 8-bit one chosen by measured error, of a 12-bit one with room to spare.

use crate::calibrate::equalize::Limits;
use crate::calibrate::histogram::Histogram;
use gen_core::element::{Element, WIDE_MAX};

/// From the largest magnitude seen to the largest that a 12-bit tensor holds: a step finer by half a bit would
/// gain nothing, a value beyond would show.
const ROOM: f64 = 1.6;

/// Real values that a tensor's elements hold: `real = scale·(q − zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Real value of one step.
    pub scale: f64,
    /// What stands for 0; 0 in 12 bits.
    pub zero_point: u8,
    /// What holds them.
    pub element: Element,
}

impl Range {
    /// The range of bytes from about `low` ≤ 0 to `high` ≥ 0 in which 0 is exact.
    pub fn new(low: f64, high: f64) -> Self {
        // A tensor of zeros needs some scale.
        let scale = if high > low { (high - low) / 255.0 } else { 1.0 / 255.0 };
        let zero_point = (-low / scale).round().clamp(0.0, 255.0) as u8;
        Self { scale, zero_point, element: Element::Byte }
    }

    /// The range of 12-bit elements for channels whose smallest and largest values are those.
    pub fn wide(limits: &Limits) -> Self {
        let low = limits.iter().map(|limits| f64::from(limits.0)).fold(0.0, f64::min);
        let high = limits.iter().map(|limits| f64::from(limits.1)).fold(0.0, f64::max);
        let largest = high.max(-low);
        let largest = if largest > 0.0 { largest } else { 1.0 };
        Self {
            scale: ROOM * largest / f64::from(WIDE_MAX),
            zero_point: 0,
            element: Element::Wide { signed: low < 0.0 },
        }
    }

    /// The smallest value.
    pub fn low(self) -> f64 {
        self.real(self.element.low())
    }

    /// The largest value.
    pub fn high(self) -> f64 {
        self.real(self.element.high())
    }

    /// The step that `real` is rounded to.
    pub fn quantize(self, real: f64) -> i16 {
        let (low, high) = (self.element.low(), self.element.high());
        ((real / self.scale).round() + f64::from(self.zero_point)).clamp(low.into(), high.into())
            as i16
    }

    /// The value of step `q`.
    pub fn real(self, q: i16) -> f64 {
        (f64::from(q) - f64::from(self.zero_point)) * self.scale
    }

    /// The range of bytes with the least squared error for the values of `histogram`.
    ///
    /// Percentiles would be wrong here: what 0.1 % of the values lose shows in single pictures (in
    /// the prototype of this arithmetic, 99.9 % ranges gave a worst picture of 22 to 30 dB, ranges of
    /// least error 32 to 36).
    pub fn choose(histogram: &Histogram) -> Self {
        let values = histogram.occurring();
        let low = values.first().map_or(0.0, |&(value, _)| value.min(0.0));
        let high = values.last().map_or(0.0, |&(value, _)| value.max(0.0));
        let mut best = (f64::INFINITY, Self::new(low, high));
        let mut consider = |low_part: f64, high_part: f64| {
            let range = Self::new(low * low_part, high * high_part);
            let error = range.squared_error(&values);
            if error < best.0 {
                best = (error, range);
            }
        };
        // Signed tensors are clipped at both ends, on a coarser grid.
        let parts =
            |steps: u32| (0..=steps).map(move |i| 1.0 - 0.8 * f64::from(i) / f64::from(steps));
        if low == 0.0 {
            parts(160).for_each(|high_part| consider(1.0, high_part));
        } else if high == 0.0 {
            parts(160).for_each(|low_part| consider(low_part, 1.0));
        } else {
            for low_part in parts(40) {
                parts(40).for_each(|high_part| consider(low_part, high_part));
            }
        }
        best.1
    }

    /// Sum of squared errors over values with counts.
    fn squared_error(self, values: &[(f64, f64)]) -> f64 {
        let error = |&(value, count): &(f64, f64)| {
            let difference = value - self.real(self.quantize(value));
            count * difference * difference
        };
        values.iter().map(error).sum()
    }

    /// Part of the values that lie outside, and signal to error ratio in dB.
    pub fn quality(self, histogram: &Histogram) -> (f64, f64) {
        let values = histogram.occurring();
        let sum = |f: &dyn Fn(f64) -> f64| values.iter().map(|&(v, n)| n * f(v)).sum::<f64>();
        let (low, high) = (self.low() - self.scale / 2.0, self.high() + self.scale / 2.0);
        let outside = sum(&|v| f64::from(u8::from(v < low || v > high)));
        let signal = sum(&|v| v * v);
        let error = self.squared_error(&values).max(f64::MIN_POSITIVE);
        (outside / sum(&|_| 1.0).max(1.0), 10.0 * (signal / error).max(1.0).log10())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: &[f32]) -> Histogram {
        let mut histogram = Histogram::new(values.iter().fold(0.0, |a: f32, v| a.max(v.abs())));
        histogram.add(values);
        histogram
    }

    #[test]
    fn zero_is_exact() {
        assert_eq!(Range::new(0.0, 0.0).quantize(0.0), 0);
        for (low, high) in [(0.0, 3.0), (-1.0, 1.0), (-0.1, 7.0), (-5.0, 0.0)] {
            let range = Range::new(low, high);
            assert_eq!(range.real(range.quantize(0.0)), 0.0);
            assert!((range.low() - low).abs() <= range.scale);
            assert!((range.high() - high).abs() <= range.scale);
        }
    }

    #[test]
    fn relu_tensors_have_zero_point_0() {
        let values: Vec<f32> = (0..1000).map(|i| (i % 100) as f32).collect();
        assert_eq!(Range::choose(&histogram(&values)).zero_point, 0);
    }

    #[test]
    fn twelve_bits_have_room() {
        let range = Range::wide(&vec![(0.0, 4.0), (-1.0, 2.0)]);
        assert_eq!(range.quantize(4.0), 1279);
        assert_eq!(range.quantize(-8.0), -2047);
        assert!((range.high() - 6.4).abs() < 1e-9 && (range.low() + 6.4).abs() < 1e-9);
        let range = Range::wide(&vec![(0.0, 4.0)]);
        assert_eq!((range.quantize(-1.0), range.quantize(9.0), range.low()), (0, 2047, 0.0));
        assert_eq!(Range::wide(&vec![(0.0, 0.0)]).quantize(0.0), 0);
    }

    #[test]
    fn one_outlier_is_clipped_and_a_uniform_tensor_is_not() {
        let uniform: Vec<f32> = (0..10_000).map(|i| i as f32 / 10_000.0).collect();
        assert!(Range::choose(&histogram(&uniform)).high() > 0.99);
        let mut outlier = vec![0.5_f32; 0];
        outlier.extend((0..1_000_000).map(|i| (i % 1000) as f32 / 1000.0));
        outlier.push(2.0);
        let high = Range::choose(&histogram(&outlier)).high();
        assert!(high < 1.2, "{high}");
    }

    #[test]
    fn signed_tensors_are_clipped_at_both_ends() {
        let mut values: Vec<f32> =
            (0..1_000_000).map(|i| (i % 1000) as f32 / 500.0 - 1.0).collect();
        values.extend([-3.0, 4.0]);
        let range = Range::choose(&histogram(&values));
        assert!(range.low() > -1.6 && range.high() < 1.6, "{} {}", range.low(), range.high());
        assert!(range.low() < -0.95 && range.high() > 0.95);
    }

    #[test]
    fn quality_counts_what_is_cut() {
        let values = histogram(&[0.0, 1.0, 1.0, 2.0]);
        let (outside, ratio) = Range::new(0.0, 1.0).quality(&values);
        assert_eq!(outside, 0.25);
        assert!((ratio - 10.0 * 6.0_f64.log10()).abs() < 0.01, "{ratio}");
    }
}
