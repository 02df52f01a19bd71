//! From a latent's `f32` to the engine's 12 bits.

/// Largest magnitude of a quantised latent's element: 12 bits.
pub const LATENT_MAX: i16 = crate::element::WIDE_MAX;

/// `z` in steps of 1/`scale`: `clamp(⌊z·scale + ½⌋, ±2047)`. Product and sum are `f64`, as in the quantised ONNX. NaN
/// gives 0.
pub(super) fn step(z: f64, scale: f32) -> i16 {
    let steps = z * f64::from(scale) + 0.5;
    floor(steps).clamp(-i32::from(LATENT_MAX), i32::from(LATENT_MAX)) as i16
}

/// ⌊x⌋, saturated to `i32`.
pub(super) fn floor(x: f64) -> i32 {
    let towards_zero = x as i32;
    if f64::from(towards_zero) > x { towards_zero.saturating_sub(1) } else { towards_zero }
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn rounds_half_up_and_saturates() {
        let z = [0.0, 0.25, -0.25, 0.24, -0.26, 1e9, -1e9, f64::NAN, f64::INFINITY, 1023.5];
        assert_eq!(z.map(|z| step(z, 2.0)), [0, 1, 0, 0, -1, 2047, -2047, 0, 2047, 2047]);
    }
}
