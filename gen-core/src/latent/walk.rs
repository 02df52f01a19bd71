//! Walks between latents.

use micromath::F32Ext;

/// Straight line: `out = (1 − t)·from + t·to`; exact at both ends. The shortest slice counts.
pub fn lerp(from: &[f32], to: &[f32], t: f32, out: &mut [f32]) {
    combine(from, to, 1.0 - t, t, out);
}

/// Along the great circle (White 2016, arXiv 1609.04468), for normal latents, which live near a
/// sphere: a straight line would pass through its unlikely inside and give grey faces.
///
/// *exact* at t = 0 and t = 1. Between nearly opposite or zero vectors, which have no one great
/// circle, the way is straight. The shortest slice counts.
pub fn slerp(from: &[f32], to: &[f32], t: f32, out: &mut [f32]) {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let norms = libm::sqrtf(dot(from, from) * dot(to, to));
    let cosine = dot(from, to) / norms;
    let sine = libm::sqrtf(1.0 - cosine * cosine);
    // The sine of a zero vector is NaN, which is no large number either.
    let has_circle = sine > 1e-3;
    if t <= 0.0 || t >= 1.0 || !has_circle {
        return lerp(from, to, t.clamp(0.0, 1.0), out);
    }
    // Near 180° sines are small and divided by one another: micromath's would be 9 % off.
    let angle = libm::atan2f(sine, cosine);
    let weight = |t: f32| libm::sinf(t * angle) / sine;
    combine(from, to, weight(1.0 - t), weight(t), out);
}

fn combine(from: &[f32], to: &[f32], a: f32, b: f32, out: &mut [f32]) {
    for (out, (from, to)) in out.iter_mut().zip(from.iter().zip(to)) {
        *out = a * from + b * to;
    }
}

/// Starts and ends a walk gently: half a cosine wave from (0, 0) to (1, 1), exact at both ends.
pub fn ease(t: f32) -> f32 {
    if t <= 0.0 || t >= 1.0 {
        return t.clamp(0.0, 1.0);
    }
    ((1.0 - F32Ext::cos(t * core::f32::consts::PI)) / 2.0).clamp(0.0, 1.0)
}
