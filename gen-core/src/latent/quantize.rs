//! From a latent's `f32` to the engine's 12 bits.

/// Largest magnitude of a quantised latent: 12 bits.
pub const LATENT_MAX: i16 = 2047;

/// Quantises `latent` to steps of 1/`scale`: `q = clamp(⌊z·scale + ½⌋, ±2047)`, in `f64`, as the
/// quantised ONNX does it. NaN gives 0. The shorter of the two slices counts.
pub fn quantize(latent: &[f32], scale: f32, out: &mut [i16]) {
    for (q, &z) in out.iter_mut().zip(latent) {
        let steps = f64::from(z) * f64::from(scale) + 0.5;
        *q = floor(steps).clamp(-i32::from(LATENT_MAX), i32::from(LATENT_MAX)) as i16;
    }
}

/// ⌊x⌋, saturated to `i32`.
fn floor(x: f64) -> i32 {
    let towards_zero = x as i32;
    if f64::from(towards_zero) > x { towards_zero.saturating_sub(1) } else { towards_zero }
}

#[cfg(test)]
mod tests {
    use super::quantize;

    #[test]
    fn rounds_half_up_and_saturates() {
        let z = [0.0, 0.25, -0.25, 0.24, -0.26, 1e9, -1e9, f32::NAN, f32::INFINITY, 1023.5];
        let mut q = [99; 10];
        quantize(&z, 2.0, &mut q);
        assert_eq!(q, [0, 1, 0, 0, -1, 2047, -2047, 0, 2047, 2047]);
    }
}
