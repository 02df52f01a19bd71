//! Chooses the quantisation of a tensor: in 8 bits the one with the least squared error, in 12 bits one with headroom.

use crate::calibrate::histogram::Histogram;
use crate::network::quantization::Quantization;
use gen_core::element::{Element, WIDE_MAX};

/// Headroom of 12-bit tensors: their range, as a factor of the largest magnitude in calibration. A step finer by half a
/// bit would gain nothing, but a value beyond the range would be visible.
const ROOM: f64 = 1.6;

/// Smallest and largest value of each channel of a tensor.
pub type Limits = Vec<(f32, f32)>;

/// The 12-bit quantisation of a tensor whose channels have `limits`.
pub fn wide(limits: &Limits) -> Quantization {
    let low = limits.iter().map(|limits| f64::from(limits.0)).fold(0.0, f64::min);
    let high = limits.iter().map(|limits| f64::from(limits.1)).fold(0.0, f64::max);
    let largest = high.max(-low);
    let largest = if largest > 0.0 { largest } else { 1.0 };
    Quantization {
        scale: ROOM * largest / f64::from(WIDE_MAX),
        zero_point: 0,
        element: Element::Wide { signed: low < 0.0 },
    }
}

/// The 8-bit quantisation with the least squared error for the values of `histogram`.
///
/// Ranges are not percentiles: cutting off 0.1 % of the values spoils the pictures in which these values occur.
pub fn choose(histogram: &Histogram) -> Quantization {
    let values = histogram.occurring();
    let low = values.first().map_or(0.0, |&(value, _)| value.min(0.0));
    let high = values.last().map_or(0.0, |&(value, _)| value.max(0.0));
    let mut best = (f64::INFINITY, Quantization::new(low, high));
    // Signed tensors are clipped at both ends, on a coarser grid.
    let steps = if low < 0.0 && high > 0.0 { 40 } else { 160 };
    let parts = |end: f64| {
        let count = if end == 0.0 { 0 } else { steps };
        (0..=count).map(move |i| 1.0 - 0.8 * f64::from(i) / f64::from(steps))
    };
    for low_part in parts(low) {
        for high_part in parts(high) {
            let tensor = Quantization::new(low * low_part, high * high_part);
            let error = squared_error(tensor, &values);
            if error < best.0 {
                best = (error, tensor);
            }
        }
    }
    best.1
}

/// Sum of the squared quantisation errors of `values`, each given with its count.
fn squared_error(of: Quantization, values: &[(f64, f64)]) -> f64 {
    let error = |&(value, count): &(f64, f64)| {
        let difference = value - of.real(of.quantize(value));
        count * difference * difference
    };
    values.iter().map(error).sum()
}

/// Fraction of the values of `histogram` that lie outside the range of `of`, and the signal-to-quantisation-noise ratio
/// in dB, at least 0.
pub fn quality(of: Quantization, histogram: &Histogram) -> (f64, f64) {
    let values = histogram.occurring();
    let sum = |f: &dyn Fn(f64) -> f64| values.iter().map(|&(v, n)| n * f(v)).sum::<f64>();
    let (low, high) = (of.low() - of.scale / 2.0, of.high() + of.scale / 2.0);
    let outside = sum(&|v| f64::from(u8::from(v < low || v > high)));
    let signal = sum(&|v| v * v);
    let error = squared_error(of, &values).max(f64::MIN_POSITIVE);
    (outside / sum(&|_| 1.0).max(1.0), 10.0 * libm::log10((signal / error).max(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: &[f32]) -> Histogram {
        let mut histogram = Histogram::new(values.iter().fold(0.0, |a: f32, v| a.max(v.abs())));
        histogram.add(values, &mut [0]);
        histogram
    }

    #[test]
    fn relu_tensors_have_zero_point_0() {
        let values: Vec<f32> = (0..1000).map(|i| (i % 100) as f32).collect();
        assert_eq!(choose(&histogram(&values)).zero_point, 0);
    }

    #[test]
    fn twelve_bits_have_room() {
        let range = wide(&vec![(0.0, 4.0), (-1.0, 2.0)]);
        assert_eq!(range.quantize(4.0), 1279);
        assert_eq!(range.quantize(-8.0), -2047);
        assert!((range.high() - 6.4).abs() < 1e-9 && (range.low() + 6.4).abs() < 1e-9);
        let range = wide(&vec![(0.0, 4.0)]);
        assert_eq!((range.quantize(-1.0), range.quantize(9.0), range.low()), (0, 2047, 0.0));
        assert_eq!(wide(&vec![(0.0, 0.0)]).quantize(0.0), 0);
    }

    #[test]
    fn one_outlier_is_clipped_and_a_uniform_tensor_is_not() {
        let uniform: Vec<f32> = (0..10_000).map(|i| i as f32 / 10_000.0).collect();
        assert!(choose(&histogram(&uniform)).high() > 0.99);
        let mut outlier = vec![0.5_f32; 0];
        outlier.extend((0..1_000_000).map(|i| (i % 1000) as f32 / 1000.0));
        outlier.push(2.0);
        let high = choose(&histogram(&outlier)).high();
        assert!(high < 1.2, "{high}");
    }

    #[test]
    fn signed_tensors_are_clipped_at_both_ends() {
        let mut values: Vec<f32> =
            (0..1_000_000).map(|i| (i % 1000) as f32 / 500.0 - 1.0).collect();
        values.extend([-3.0, 4.0]);
        let range = choose(&histogram(&values));
        assert!(range.low() > -1.6 && range.high() < 1.6, "{} {}", range.low(), range.high());
        assert!(range.low() < -0.95 && range.high() > 0.95);
    }

    #[test]
    fn quality_counts_what_is_cut() {
        let values = histogram(&[0.0, 1.0, 1.0, 2.0]);
        let (outside, ratio) = quality(Quantization::new(0.0, 1.0), &values);
        assert_eq!(outside, 0.25);
        assert!((ratio - 10.0 * 6.0_f64.log10()).abs() < 0.01, "{ratio}");
    }
}
