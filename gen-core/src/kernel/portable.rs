//! The portable kernel: the specification of all others.

use super::Window;
use crate::layer::Layer;

/// Computes output row `y` of `layer`.
///
/// *shapes*: `window` holds the input rows that row `y` needs, HWC; `out` is one output row, HWC.
/// *units*: inputs are `u8` with the layer's zero-point, or 12-bit latents in `i16` (zero-point 0).
/// *range*: the accumulator cannot overflow, as checked at load. *rounding*: in the epilogue only.
/// *cost*: one MAC per useful product; taps outside the map are not multiplied.
pub(crate) fn row<T>(layer: &Layer<'_>, y: usize, window: Window<'_, T>, out: &mut [u8])
where
    T: Copy + Into<i32>,
{
    let zero_point = i32::from(layer.zero_point);
    let channels = layer.channels_in;
    let ty = layer.rows.taps(y);
    let input_row = window.rows_from(ty.input);
    for (x, pixel) in out.chunks_exact_mut(layer.channels_out).enumerate() {
        let tx = layer.columns.taps(x);
        let weights = layer.phase_weights(&ty, &tx);
        let filter_len = ty.count * tx.count * channels;
        let run = tx.len * channels;
        let position = if layer.per_feature { y * layer.columns.output + x } else { 0 };
        let first = position * layer.channels_out;
        for (channel, byte) in pixel.iter_mut().enumerate() {
            let filter = &weights[channel * filter_len..][..filter_len];
            let mut acc = 0;
            for t in 0..ty.len {
                let inputs = &input_row(t)[tx.input * channels..];
                let taps = &filter[((ty.skip + t) * tx.count + tx.skip) * channels..];
                acc += dot(&inputs[..run], &taps[..run], zero_point);
            }
            *byte = layer.epilogue.apply(acc, first + channel);
        }
    }
}

/// `Σ (x − zero_point) · w`, with `w` the `i8` in each byte of `weights`.
#[inline(always)]
fn dot<T: Copy + Into<i32>>(inputs: &[T], weights: &[u8], zero_point: i32) -> i32 {
    let product = |(&x, &w): (&T, &u8)| (x.into() - zero_point) * i32::from(w as i8);
    inputs.iter().zip(weights).map(product).sum()
}
