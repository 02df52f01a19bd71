//! Points between two latents.

use micromath::F32Ext;

/// Linear interpolation, `out = (1 − t)·from + t·to`. *exact* at both ends. *range*: `t` 0 to 1.
pub(super) fn lerp(from: &[f32], to: &[f32], t: f32, out: &mut [f32]) {
    combine(from, to, 1.0 - t, t, out);
}

/// Spherical interpolation, along the great circle. On a straight line normal latents would pass through the inside of
/// the sphere, which they hardly ever met in training, and give grey faces.
///
/// *exact* at both ends. *range*: `t` 0 to 1. Straight between opposite or zero vectors, which have no unique great
/// circle. *source*: White 2016, arXiv 1609.04468.
pub(super) fn slerp(from: &[f32], to: &[f32], t: f32, out: &mut [f32]) {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let norms = libm::sqrtf(dot(from, from) * dot(to, to));
    let cosine = dot(from, to) / norms;
    let sine = libm::sqrtf(1.0 - cosine * cosine);
    // False for NaN too, the sine of a zero vector.
    let has_circle = sine > 1e-3;
    if t == 0.0 || t == 1.0 || !has_circle {
        return lerp(from, to, t, out);
    }
    // Near 180° small sines are divided by each other; micromath's would be 9 % off.
    let angle = libm::atan2f(sine, cosine);
    let weight = |t: f32| libm::sinf(t * angle) / sine;
    combine(from, to, weight(1.0 - t), weight(t), out);
}

/// `out = a·from + b·to`.
fn combine(from: &[f32], to: &[f32], a: f32, b: f32, out: &mut [f32]) {
    for (out, (from, to)) in out.iter_mut().zip(from.iter().zip(to)) {
        *out = a * from + b * to;
    }
}

/// Half a cosine wave from (0, 0) to (1, 1), so that an animation starts and ends gently. *exact* at both ends;
/// elsewhere within 0.002. *range*: `t` is clamped to 0…1.
pub fn ease(t: f32) -> f32 {
    if t <= 0.0 || t >= 1.0 {
        return t.clamp(0.0, 1.0);
    }
    ((1.0 - F32Ext::cos(t * core::f32::consts::PI)) / 2.0).clamp(0.0, 1.0)
}
