//! Sums of products of a layer, in an order that is the same on every machine.
//!
//! An output's sum begins at 0 and adds a product for each of its taps, by row, column and input channel. A product is
//! rounded before it is added: nothing is fused. Vectors hold the same element of several pictures, so that no
//! processor's width of a vector changes the order.

use crate::network::Layer;
use gen_core::axis::{Axis, Taps};
use pulp::{Arch, Simd, WithSimd};

/// Number of pictures that are computed together: at least as many as a vector holds.
pub(super) const LANES: usize = 16;
/// Number of output channels that share the loads of their inputs.
const OUTS: usize = 4;

/// One element of the maps of [`LANES`] pictures.
pub(super) type Lanes = [f32; LANES];

/// The linear operation of a layer, with its weights in the order of the sums.
pub(super) struct Sums {
    rows: Axis,
    columns: Axis,
    channels_in: usize,
    channels_out: usize,
    /// Weights of each phase, by row and column, in the order `[out / OUTS][tap row][tap column][in]`. The last group of
    /// channels is filled with zeros.
    phases: Vec<Vec<[f32; OUTS]>>,
}

impl Sums {
    /// The linear operation of `layer`.
    pub(super) fn new(layer: &Layer) -> Self {
        let Layer { rows, columns, channels_in, channels_out, .. } = *layer;
        let phase = |row| (0..columns.phases()).map(move |column| weights(layer, row, column));
        let phases = (0..rows.phases()).flat_map(phase).collect();
        Self { rows, columns, channels_in, channels_out, phases }
    }

    /// Channels of the input.
    pub(super) fn channels_in(&self) -> usize {
        self.channels_in
    }

    /// The sums for the map `x`, in the order `[row][column][channel]`, as `x`.
    pub(super) fn of(&self, x: &[Lanes]) -> Vec<Lanes> {
        let mut y = vec![[0.0; LANES]; self.rows.output * self.columns.output * self.channels_out];
        Arch::new().dispatch(Whole { sums: self, x, y: &mut y });
        y
    }
}

/// The weights of the phase `row`, `column` of `layer`, in the order of [`Sums::phases`].
fn weights(layer: &Layer, row: usize, column: usize) -> Vec<[f32; OUTS]> {
    let (rows, columns, channels) = (layer.rows, layer.columns, layer.channels_in);
    let mut weights = Vec::new();
    for first in (0..layer.channels_out).step_by(OUTS) {
        for y in (0..rows.count(row)).map(|tap| rows.kernel_index(row, tap)) {
            for x in (0..columns.count(column)).map(|tap| columns.kernel_index(column, tap)) {
                let weight = |out: usize, input: usize| {
                    let tap = (out * rows.kernel + y) * columns.kernel + x;
                    if out < layer.channels_out {
                        layer.weights[tap * channels + input]
                    } else {
                        0.0
                    }
                };
                let of = |input| std::array::from_fn(|i| weight(first + i, input));
                weights.extend((0..channels).map(of));
            }
        }
    }
    weights
}

/// The computation of a whole map.
struct Whole<'a> {
    sums: &'a Sums,
    x: &'a [Lanes],
    y: &'a mut [Lanes],
}

impl WithSimd for Whole<'_> {
    type Output = ();

    // Inlined, as what it calls, so that the compiler uses the vectors of `S`.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sums, x, y } = self;
        let mut outputs = y.chunks_exact_mut(sums.channels_out);
        for row in (0..sums.rows.output).map(|o| sums.rows.taps(o)) {
            for column in (0..sums.columns.output).map(|o| sums.columns.taps(o)) {
                let phase = &sums.phases[row.phase * sums.columns.phases() + column.phase];
                let Some(y) = outputs.next() else { return };
                for (group, y) in y.chunks_mut(OUTS).enumerate() {
                    let weights = &phase[group * row.count * column.count * sums.channels_in..];
                    add(simd, sums, [row, column], x, weights, y);
                }
            }
        }
    }
}

/// The sums of one output of up to [`OUTS`] channels, whose taps are `row` and `column`.
#[inline(always)]
fn add<S: Simd>(
    simd: S,
    sums: &Sums,
    [row, column]: [Taps; 2],
    x: &[Lanes],
    weights: &[[f32; OUTS]],
    y: &mut [Lanes],
) {
    let (channels, width) = (sums.channels_in, sums.columns.input);
    let (x, _) = S::as_simd_f32s(x.as_flattened());
    let (run, vectors) = (column.len * channels, LANES / S::F32_LANES);
    for vector in 0..vectors {
        let mut all = [simd.splat_f32s(0.0); OUTS];
        for tap in 0..row.len {
            let from = ((row.input + tap) * width + column.input) * channels;
            let at = ((row.skip + tap) * column.count + column.skip) * channels;
            let x = x[from * vectors..(from + run) * vectors].iter().skip(vector).step_by(vectors);
            for (x, weights) in x.zip(&weights[at..at + run]) {
                for (sum, weight) in all.iter_mut().zip(weights) {
                    *sum = simd.add_f32s(*sum, simd.mul_f32s(*x, simd.splat_f32s(*weight)));
                }
            }
        }
        for (y, sum) in y.iter_mut().zip(all) {
            let (y, _) = S::as_mut_simd_f32s(y);
            y[vector] = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch;

    /// Sums are those of products that are rounded and added one by one, in the order of the taps.
    #[test]
    fn sums_have_one_order() {
        for source in sketch::all() {
            for layer in &sketch::imported(&source).layers {
                let (rows, columns, channels) = (layer.rows, layer.columns, layer.channels_in);
                let value = |i: usize, lane: usize| ((i * 37 + lane * 11) % 101) as f32 / 7.0 - 7.0;
                let len = rows.input * columns.input * channels;
                let x: Vec<Lanes> =
                    (0..len).map(|i| std::array::from_fn(|lane| value(i, lane))).collect();
                let mut expected = Vec::new();
                for row in (0..rows.output).map(|o| rows.taps(o)) {
                    for column in (0..columns.output).map(|o| columns.taps(o)) {
                        for out in 0..layer.channels_out {
                            let mut sums = [0.0_f32; LANES];
                            for (i, j) in
                                (0..row.len).flat_map(|i| (0..column.len).map(move |j| (i, j)))
                            {
                                let y = rows.kernel_index(row.phase, row.skip + i);
                                let k = columns.kernel_index(column.phase, column.skip + j);
                                let tap = (out * rows.kernel + y) * columns.kernel + k;
                                let at = (row.input + i) * columns.input + column.input + j;
                                for c in 0..channels {
                                    let weight = layer.weights[tap * channels + c];
                                    for (sum, x) in sums.iter_mut().zip(x[at * channels + c]) {
                                        let product = weight * x;
                                        *sum += product;
                                    }
                                }
                            }
                            expected.push(sums);
                        }
                    }
                }
                assert_eq!(Sums::new(layer).of(&x), expected, "{}", layer.name);
            }
        }
    }
}
