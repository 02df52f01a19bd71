//! Rounds 8-bit weights so that the layer's output error is small, instead of each to its nearest step.
//!
//! Rounding errors e of the weights change an output by eᵀx. Its mean square is eᵀHe, with H = E[xxᵀ] over the inputs
//! x that these weights are multiplied by. Inputs are correlated (after a ReLU, all are positive), so errors can
//! cancel. Beginning with the nearest steps, weights move a step up or down as long as eᵀHe falls. This is AdaRound's
//! objective (Nagel et al. 2020, arXiv 2004.10568) with the coordinate descent of Behdin et al. 2023 (arXiv
//! 2309.01885). Each phase of a transposed convolution has its own taps, and so its own H.

use crate::network::float::{BATCH, Runner, Tensor};
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::{latent, parallel};
use anyhow::Result;
use gen_core::axis::{Axis, Taps};
use gen_core::element::Weight;
use gen_core::format::write::DraftPart;
use ndarray::{Array2, ArrayViewMut1, s};
use std::sync::OnceLock;

/// Maximum number of weights of an output that are rounded together: time and memory grow with the square. With more, all weights
/// keep their nearest steps.
const LARGEST: usize = 2304;
/// About how many outputs of a phase H is computed from.
const OUTPUTS: usize = 8192;
/// Number of products of two inputs, each below 2⁸, whose sum is exact in `f32`. H then depends
/// on the recorded inputs alone, not on the processor.
const EXACT: usize = 256;
/// Summand on H's diagonal, as a fraction of its mean. It keeps errors of weights small whose inputs calibration never
/// saw.
const DAMPING: f64 = 0.01;
/// Maximum number of passes over the weights.
const PASSES: usize = 20;

/// Recorded inputs of the layers after the first. By default nothing is recorded, and weights keep their nearest
/// steps.
#[derive(Debug, Default)]
pub struct Inputs(Vec<Recording>);

/// Recorded inputs of one layer.
#[derive(Debug)]
struct Recording {
    /// One 8-bit map per latent, HWC.
    maps: Vec<Vec<u8>>,
    /// Zero-point of the maps.
    zero_point: u8,
    /// The first weights that were rounded, in steps, and the result: different mixes of 8 and 12 bits often round the
    /// same weights.
    rounded: OnceLock<(Vec<f64>, Vec<i16>)>,
}

impl Inputs {
    /// Records the inputs of the layers of `network` on `count` calibration latents. `tensors` are the 8-bit
    /// quantisations of the hidden tensors. `done` is called after each latent.
    ///
    /// The first layer's input is not recorded: it is the latent, whose elements are independent, so the nearest steps
    /// are best.
    ///
    /// # Errors
    ///
    /// If a latent has the wrong length.
    pub fn record(
        network: &Network,
        tensors: &[Quantization],
        seed: u64,
        count: usize,
        done: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        if tensors.is_empty() {
            return Ok(Self::default());
        }
        let wanted = (0..tensors.len()).map(Tensor::Output).collect();
        let runner = Runner::new(network, None, wanted);
        let latent = DraftPart::latent(&network.latent);
        let latents = parallel::batches(count, BATCH, |batch| {
            let latents: Vec<_> = batch.map(|i| latent::calibration(seed, i, &latent)).collect();
            let maps = runner.run(&latents)?.into_iter().map(|values| {
                let map = |(values, tensor): (&Vec<f32>, &Quantization)| {
                    values.iter().map(|it| tensor.quantize(f64::from(*it)) as u8).collect()
                };
                done();
                values.iter().zip(tensors).map(map).collect::<Vec<Vec<u8>>>()
            });
            Ok(maps.collect())
        })?;
        let empty = |tensor: &Quantization| Recording {
            maps: Vec::new(),
            zero_point: tensor.zero_point,
            rounded: OnceLock::new(),
        };
        let mut layers: Vec<Recording> = tensors.iter().map(empty).collect();
        for maps in latents {
            layers.iter_mut().zip(maps).for_each(|(layer, map)| layer.maps.push(map));
        }
        Ok(Self(layers))
    }

    /// Rounds the weights of layer `index` to 8 bits, minimising its output error on the recorded inputs. Returns
    /// `nearest` if none were recorded. `real`: unrounded weights, in quantisation steps.
    pub(super) fn round(
        &self,
        index: usize,
        layer: &Layer,
        real: Vec<f64>,
        nearest: Vec<i16>,
    ) -> Vec<i16> {
        let Some(input) = index.checked_sub(1).and_then(|it| self.0.get(it)) else {
            return nearest;
        };
        if let Some((_, weights)) = input.rounded.get().filter(|(asked, _)| *asked == real) {
            return weights.clone();
        }
        let mut weights = nearest;
        round(layer, &real, input, &mut weights);
        // If other weights were stored first, these are rounded anew each time.
        let _ = input.rounded.set((real, weights.clone()));
        weights
    }
}

/// Moves `weights` from the nearest steps to those that minimise the output error of `layer`. `real`: unrounded
/// weights, in quantisation steps.
fn round(layer: &Layer, real: &[f64], input: &Recording, weights: &mut [i16]) {
    let len = layer.channel_len();
    for row in 0..layer.rows.phases() {
        for column in 0..layer.columns.phases() {
            let phase = Phase::new(layer, row, column);
            if phase.places.is_empty() || phase.places.len() > LARGEST {
                continue;
            }
            let mut h = phase.products(input);
            let next = phase.places.len() + 1;
            let mean = h.iter().step_by(next).sum::<f64>() / phase.places.len() as f64;
            h.iter_mut().step_by(next).for_each(|square| *square += DAMPING * mean);
            let rounded = parallel::split(layer.channels_out, |channels| {
                let round = |out: usize| {
                    let at = |place: &usize| out * len + place;
                    let real: Vec<f64> = phase.places.iter().map(|it| real[at(it)]).collect();
                    let nearest = phase.places.iter().map(|it| weights[at(it)]);
                    descend(&h, &real, nearest.collect())
                };
                channels.map(round).collect::<Vec<_>>()
            });
            for (out, steps) in rounded.into_iter().flatten().enumerate() {
                for (place, step) in phase.places.iter().zip(steps) {
                    weights[out * len + place] = step;
                }
            }
        }
    }
}

/// The outputs of one phase, which all use the same weights.
struct Phase {
    /// Indices of these weights among those of a channel: by tap, then by input channel.
    places: Vec<usize>,
    /// The taps of each output, along both axes.
    outputs: Vec<[Taps; 2]>,
    /// Width of the input map.
    width: usize,
    /// Channels of the input map.
    channels: usize,
}

impl Phase {
    /// The phase `row`, `column` of `layer`.
    fn new(layer: &Layer, row: usize, column: usize) -> Self {
        let (rows, columns, channels) = (layer.rows, layer.columns, layer.channels_in);
        let mut places = Vec::new();
        for y in (0..rows.count(row)).map(|tap| rows.kernel_index(row, tap)) {
            for x in (0..columns.count(column)).map(|tap| columns.kernel_index(column, tap)) {
                let first = (y * columns.kernel + x) * channels;
                places.extend(first..first + channels);
            }
        }
        let of = |axis: Axis, phase| {
            (0..axis.output).map(move |o| axis.taps(o)).filter(move |taps| taps.phase == phase)
        };
        let outputs = of(rows, row).flat_map(|y| of(columns, column).map(move |x| [y, x]));
        Self { places, outputs: outputs.collect(), width: columns.input, channels }
    }

    /// H, row by row, up to a constant factor, in squares of the inputs' steps.
    fn products(&self, input: &Recording) -> Vec<f64> {
        let len = self.places.len();
        // Every `every`-th output; latents begin at different ones, so that together they cover all outputs.
        let every = (input.maps.len() * self.outputs.len()).div_ceil(OUTPUTS).max(1);
        let outputs = input.maps.iter().enumerate().flat_map(|(index, map)| {
            let of_map = self.outputs.iter().skip(index % every).step_by(every);
            of_map.map(move |output| (map, output))
        });
        let outputs: Vec<_> = outputs.collect();
        let parts = parallel::split(len, |block| {
            let mut sums = Array2::<f64>::zeros((block.len(), len));
            for outputs in outputs.chunks(EXACT) {
                let mut x = Array2::<f32>::zeros((outputs.len(), len));
                for (row, (map, output)) in x.rows_mut().into_iter().zip(outputs) {
                    self.read(map, input.zero_point, output, row);
                }
                let products = x.slice(s![.., block.clone()]).t().dot(&x);
                sums.zip_mut_with(&products, |sum, product| *sum += f64::from(*product));
            }
            sums.into_iter().collect::<Vec<_>>()
        });
        parts.concat()
    }

    /// Writes the inputs of an output's weights, minus their zero-point, to `x`, which is 0. Weights beyond the map's
    /// border are left out: their inputs are 0.
    fn read(
        &self,
        map: &[u8],
        zero_point: u8,
        [rows, columns]: &[Taps; 2],
        mut x: ArrayViewMut1<f32>,
    ) {
        let run = columns.len * self.channels;
        for row in 0..rows.len {
            let from = ((rows.input + row) * self.width + columns.input) * self.channels;
            let to = ((rows.skip + row) * columns.count + columns.skip) * self.channels;
            for (i, &q) in map[from..from + run].iter().enumerate() {
                x[to + i] = f32::from(q) - f32::from(zero_point);
            }
        }
    }
}

/// `steps` after moves up or down, one weight by one step at a time, while eᵀHe falls. e is `steps` minus `real`, and
/// `h` is H, row by row.
fn descend(h: &[f64], real: &[f64], mut steps: Vec<i16>) -> Vec<i16> {
    let row = |i: usize| &h[i * real.len()..(i + 1) * real.len()];
    // He
    let mut slopes = vec![0.0; real.len()];
    let add = |slopes: &mut [f64], i: usize, error: f64| {
        slopes.iter_mut().zip(row(i)).for_each(|(slope, h)| *slope += error * h);
    };
    for (i, (step, real)) in steps.iter().zip(real).enumerate() {
        add(&mut slopes, i, f64::from(*step) - real);
    }
    for _ in 0..PASSES {
        let mut moved = false;
        for (i, step) in steps.iter_mut().enumerate() {
            let way = if slopes[i] > 0.0 { -1 } else { 1 };
            let gain = 2.0 * f64::from(way) * slopes[i] + row(i)[i];
            if gain < 0.0 && *step != way * Weight::Byte.max() {
                *step += way;
                add(&mut slopes, i, f64::from(way));
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::calibrate;
    use crate::network::fold::{Activation, Folded};
    use crate::network::naive;
    use crate::quantize::scale;
    use crate::sketch;

    /// If all inputs are nearly equal, only the sum of the weights counts.
    #[test]
    fn errors_cancel_within_the_range_of_steps() {
        let rounded = |real: &[f64]| {
            let len = real.len();
            let same = |i: usize| if i.is_multiple_of(len + 1) { 1.1 } else { 1.0 };
            let h: Vec<f64> = (0..len * len).map(same).collect();
            let nearest = real.iter().map(|w| scale::quantize(*w, Weight::Byte, 1.0));
            descend(&h, real, nearest.collect())
        };
        assert_eq!(rounded(&[0.4; 5]), [1, 1, 0, 0, 0]);
        assert_eq!(rounded(&[-0.4; 5]), [-1, -1, 0, 0, 0]);
        assert_eq!(rounded(&[127.0, 0.4, 0.4]), [127, 1, 0]);
        assert_eq!(rounded(&[-127.0, -0.4, -0.4]), [-127, -1, 0]);
    }

    /// The result for the first weights is kept, other weights are rounded anew.
    #[test]
    fn what_was_rounded_first_is_kept_for_its_own_weights() {
        let network = sketch::imported(&sketch::dense_first());
        let tensors = calibrate(&network, 1, 4, &|| ()).unwrap().eight_bit();
        let record = || Inputs::record(&network, &tensors, 1, 4, &|| ()).unwrap();
        let layer = &network.layers[1];
        let rounded = |inputs: &Inputs, steps: f64| {
            let real: Vec<f64> = layer.weights.iter().map(|w| f64::from(*w) * steps).collect();
            let nearest = real.iter().map(|w| scale::quantize(*w, Weight::Byte, 1.0)).collect();
            inputs.round(1, layer, real, nearest)
        };
        let kept = record();
        let first = rounded(&kept, 50.0);
        assert!(kept.0[0].rounded.get().is_some());
        assert_eq!(rounded(&kept, 50.0), first);
        let other = rounded(&kept, 30.0);
        assert_ne!(other, first);
        assert_eq!(other, rounded(&record(), 30.0));
    }

    /// In every geometry, eᵀHe is the sum of the squared outputs of a layer with weights e.
    #[test]
    fn products_are_those_of_what_meets() {
        for source in sketch::all() {
            let network = sketch::imported(&source);
            let tensors = calibrate(&network, 1, 4, &|| ()).unwrap().eight_bit();
            let inputs = Inputs::record(&network, &tensors, 1, 4, &|| ()).unwrap();
            for (layer, input) in network.layers.iter().skip(1).zip(&inputs.0) {
                let zero = f64::from(input.zero_point);
                let len = layer.channel_len();
                let errors: Vec<f64> =
                    (0..len * layer.channels_out).map(|i| (i * 7 % 11) as f64 - 5.0).collect();
                let mut found = 0.0;
                for phase in 0..layer.rows.phases() * layer.columns.phases() {
                    let columns = layer.columns.phases();
                    let phase = Phase::new(layer, phase / columns, phase % columns);
                    let h = phase.products(input);
                    for errors in errors.chunks(len) {
                        for (row, a) in h.chunks(phase.places.len()).zip(&phase.places) {
                            let sum = row.iter().zip(&phase.places).map(|(h, b)| h * errors[*b]);
                            found += errors[*a] * sum.sum::<f64>();
                        }
                    }
                }
                let folded = Folded {
                    weights: errors,
                    bias: vec![0.0],
                    per_feature: false,
                    activation: Activation::None,
                    looked_up: None,
                };
                let squares = |map: &Vec<u8>| -> f64 {
                    let x: Vec<f64> = map.iter().map(|q| f64::from(*q) - zero).collect();
                    naive::run_folded(layer, &folded, &x).iter().map(|y| y * y).sum()
                };
                assert_eq!(found, input.maps.iter().map(squares).sum::<f64>(), "{}", layer.name);
            }
        }
    }
}
