//! The scale of a channel's weights.

use gen_core::element::Weight;

/// The scale, at least `floor`, with which the largest of `weights` is the largest step.
/// Clipping large weights to reduce the squared error did not raise the PSNR of pictures.
pub(super) fn choose(weights: &[f64], weight: Weight, floor: f64) -> f64 {
    let largest = weights.iter().fold(0.0, |largest: f64, w| largest.max(w.abs()));
    (largest / f64::from(weight.max())).max(floor)
}

/// The step nearest to `real`, clamped to the range of `weight`.
pub(super) fn quantize(real: f64, weight: Weight, scale: f64) -> i16 {
    let largest = f64::from(weight.max());
    (real / scale).round().clamp(-largest, largest) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_weight_is_the_largest_step() {
        let weights = [1.3, -0.3, 0.0, -2.54];
        for (weight, steps) in
            [(Weight::Byte, [65, -15, 0, -127]), (Weight::Wide, [1048, -242, 0, -2047])]
        {
            let scale = choose(&weights, weight, 1e-9);
            assert_eq!(weights.map(|w| quantize(w, weight, scale)), steps);
        }
    }

    #[test]
    fn dead_channels_get_the_floor() {
        assert_eq!(choose(&[0.0; 4], Weight::Byte, 0.5), 0.5);
        assert_eq!(choose(&[1e-20, -1e-20], Weight::Wide, 0.5), 0.5);
        assert_eq!(quantize(1e-20, Weight::Byte, 0.5), 0);
    }
}
