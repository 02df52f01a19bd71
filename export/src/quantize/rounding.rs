//! Rounds 8-bit weights so that the layer's output error is small, instead of each to its nearest step.
//!
//! Rounding errors e of the weights change an output by eᵀx. Its mean square is eᵀHe, with H = E[xxᵀ] over the inputs
//! x that these weights are multiplied by. Inputs are correlated (after a ReLU, all are positive), so errors can
//! cancel. Inputs are rounded too: small negative values after a LeakyReLU, for example, most of them to the same side,
//! and such losses of many channels add up. On average they change an output by wᵀd, where w are its weights, and d what
//! an input loses on average. So what is made small is the mean square of eᵀx − wᵀd. Beginning with the nearest steps,
//! weights move a step up or down as long as it falls. This is AdaRound's objective (Nagel et al. 2020, arXiv
//! 2004.10568), here with the inputs' losses, and the coordinate descent of Behdin et al. 2023 (arXiv 2309.01885). Each
//! phase of a transposed convolution has its own taps, and so its own H and wᵀd.

use crate::network::Layer;
use crate::parallel;
use crate::quantize::inputs::{Recording, STEP};
use gen_core::axis::{Axis, Taps};
use gen_core::element::Weight;
use ndarray::{Array2, s};
use std::collections::BTreeMap;

/// Maximum number of weights of an output that are rounded together: time and memory grow with the square. With more,
/// all weights keep their nearest steps.
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

/// Moves `weights` from the nearest steps to those that minimise the output error of `layer`. `real`: unrounded
/// weights, in quantisation steps.
pub(super) fn round(layer: &Layer, real: &[f64], input: &Recording, weights: &mut [i16]) {
    let len = layer.channel_len();
    for row in 0..layer.rows.phases() {
        for column in 0..layer.columns.phases() {
            let phase = Phase::new(layer, row, column);
            if phase.places.is_empty() || phase.places.len() > LARGEST {
                continue;
            }
            let met = phase.met(input.maps.len());
            let mut h = phase.products(&input.maps, &met);
            let all = phase.alike(input, &met);
            let next = phase.places.len() + 1;
            let mean = h.iter().step_by(next).sum::<f64>() / phase.places.len() as f64;
            h.iter_mut().step_by(next).for_each(|square| *square += DAMPING * mean);
            let rounded = parallel::split(layer.channels_out, |channels| {
                let round = |out: usize| {
                    let at = |place: &usize| out * len + place;
                    let real: Vec<f64> = phase.places.iter().map(|it| real[at(it)]).collect();
                    let nearest = phase.places.iter().map(|it| weights[at(it)]);
                    let mut pull = vec![0.0; real.len()];
                    for alike in &all {
                        let lost = alike.lost(&real);
                        pull.iter_mut()
                            .zip(&alike.sums)
                            .for_each(|(pull, sum)| *pull += sum * lost);
                    }
                    descend(&h, &pull, &real, nearest.collect())
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

/// The outputs of one phase, which all use the same weights, but for those beyond a border.
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

/// The index of a map, and the taps of an output in it, along both axes.
type Met<'p> = (usize, &'p [Taps; 2]);

/// Outputs that meet the same weights inside the map.
struct Alike {
    /// Number of outputs.
    count: usize,
    /// Sum of the inputs of each weight, in steps.
    sums: Vec<f64>,
    /// Sum of what these lost, in 1 / [`STEP`] of a step.
    losses: Vec<f64>,
}

impl Alike {
    /// What an output with these weights loses on average.
    fn lost(&self, weights: &[f64]) -> f64 {
        let lost: f64 = self.losses.iter().zip(weights).map(|(lost, weight)| lost * weight).sum();
        lost / (f64::from(STEP) * self.count as f64)
    }
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

    /// About [`OUTPUTS`] of the outputs in `maps` maps: each with its map's index. Maps begin at different ones, so that
    /// together they cover all outputs.
    fn met(&self, maps: usize) -> Vec<Met<'_>> {
        let every = (maps * self.outputs.len()).div_ceil(OUTPUTS).max(1);
        let of_map = |map: usize| {
            self.outputs.iter().skip(map % every).step_by(every).map(move |output| (map, output))
        };
        (0..maps).flat_map(of_map).collect()
    }

    /// H, row by row, up to a constant factor, in squares of the inputs' steps.
    fn products(&self, maps: &[Vec<i16>], outputs: &[Met]) -> Vec<f64> {
        let len = self.places.len();
        let parts = parallel::split(len, |block| {
            let mut sums = Array2::<f64>::zeros((block.len(), len));
            for outputs in outputs.chunks(EXACT) {
                let mut x = Array2::<f32>::zeros((outputs.len(), len));
                for (mut row, (map, output)) in x.rows_mut().into_iter().zip(outputs) {
                    self.read(&maps[*map], output, |place, input| row[place] = input.into());
                }
                let products = x.slice(s![.., block.clone()]).t().dot(&x);
                sums.zip_mut_with(&products, |sum, product| *sum += f64::from(*product));
            }
            sums.into_iter().collect::<Vec<_>>()
        });
        parts.concat()
    }

    /// The same outputs, by the weights that they meet.
    fn alike(&self, input: &Recording, outputs: &[Met]) -> Vec<Alike> {
        let mut all = BTreeMap::new();
        for &(map, output) in outputs {
            let empty = || Alike {
                count: 0,
                sums: vec![0.0; self.places.len()],
                losses: vec![0.0; self.places.len()],
            };
            let weights = output.map(|taps| (taps.skip, taps.len));
            let alike = all.entry(weights).or_insert_with(empty);
            alike.count += 1;
            self.read(&input.maps[map], output, |at, input| alike.sums[at] += f64::from(input));
            self.read(&input.lost[map], output, |at, lost| alike.losses[at] += f64::from(lost));
        }
        all.into_values().collect()
    }

    /// Calls `each` for the inputs of an output's weights: with the place of the weight and the input. Weights beyond the
    /// map's border are left out: their inputs are 0.
    fn read(&self, map: &[i16], [rows, columns]: &[Taps; 2], mut each: impl FnMut(usize, i16)) {
        let run = columns.len * self.channels;
        for row in 0..rows.len {
            let from = ((rows.input + row) * self.width + columns.input) * self.channels;
            let to = ((rows.skip + row) * columns.count + columns.skip) * self.channels;
            for (i, input) in map[from..from + run].iter().enumerate() {
                each(to + i, *input);
            }
        }
    }
}

/// `steps` after moves up or down, one weight by one step at a time, while eᵀHe − 2·eᵀp falls. e is `steps` minus
/// `real`, `h` is H, row by row, and `pull` is p.
fn descend(h: &[f64], pull: &[f64], real: &[f64], mut steps: Vec<i16>) -> Vec<i16> {
    let row = |i: usize| &h[i * real.len()..(i + 1) * real.len()];
    // He − p
    let mut slopes: Vec<f64> = pull.iter().map(|pull| -pull).collect();
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
    use crate::network::quantization::Quantization;
    use crate::quantize::inputs::Inputs;
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
            descend(&h, &vec![0.0; len], real, nearest.collect())
        };
        assert_eq!(rounded(&[0.4; 5]), [1, 1, 0, 0, 0]);
        assert_eq!(rounded(&[-0.4; 5]), [-1, -1, 0, 0, 0]);
        assert_eq!(rounded(&[127.0, 0.4, 0.4]), [127, 1, 0]);
        assert_eq!(rounded(&[-127.0, -0.4, -0.4]), [-127, -1, 0]);
    }

    /// If all inputs are nearly 1, a loss of 2 in each output is made up for by two steps.
    #[test]
    fn losses_of_inputs_are_made_up_for() {
        let real = [10.0, 20.0, -30.0];
        let h: Vec<f64> = (0..9).map(|i| if i % 4 == 0 { 1.1 } else { 1.0 }).collect();
        let steps = |lost: f64| {
            let nearest = real.iter().map(|w| *w as i16).collect();
            descend(&h, &[lost; 3], &real, nearest).iter().sum::<i16>()
        };
        assert_eq!([-1.9, 0.0, 0.3, 2.1].map(steps), [-2, 0, 0, 2]);
    }

    /// Outputs keep their means although all inputs lose something: those of each phase, and of a dense layer each.
    #[test]
    fn outputs_keep_their_means() {
        for source in sketch::all() {
            let network = sketch::imported(&source);
            // A twelfth of the steps of calibration: most values are rounded to a few steps.
            let tensors = calibrate(&network, 1, 16, &|| ()).unwrap().eight_bit();
            let coarse = tensors.iter().map(|it| Quantization {
                scale: it.scale * 12.0,
                zero_point: it.zero_point / 12,
                ..*it
            });
            let coarse: Vec<Quantization> = coarse.collect();
            let mut inputs = Inputs::record(&network, &coarse, 1, 64, &|| ()).unwrap();
            let (index, layer) = (1, &network.layers[1]);
            let real: Vec<f64> = layer.weights.iter().map(|w| f64::from(*w) * 60.0).collect();
            let nearest: Vec<i16> = real.iter().map(|w| w.round() as i16).collect();
            // All lose a quarter of a step.
            let Recording { maps, lost, .. } = &mut inputs.layers[0];
            for (lost, x) in lost.iter_mut().flatten().zip(maps.iter().flatten()) {
                *lost = x.signum() * STEP / 4;
            }
            let rounded = inputs.round(index, layer, real.clone(), nearest.clone());
            let [mut off, mut off_by_nearest] = [0.0; 2];
            for (row, column) in (0..layer.rows.phases())
                .flat_map(|row| (0..layer.columns.phases()).map(move |column| (row, column)))
            {
                let phase = Phase::new(layer, row, column);
                let input = &inputs.layers[0];
                for alike in phase.alike(input, &phase.met(input.maps.len())) {
                    for out in 0..layer.channels_out {
                        let places = phase.places.iter().map(|it| out * layer.channel_len() + it);
                        let places: Vec<usize> = places.collect();
                        let lost =
                            alike.lost(&places.iter().map(|at| real[*at]).collect::<Vec<_>>());
                        let error = |steps: &[i16]| {
                            let errors = places.iter().map(|at| f64::from(steps[*at]) - real[*at]);
                            let sum: f64 = errors.zip(&alike.sums).map(|(e, x)| e * x).sum();
                            (sum / alike.count as f64 - lost).powi(2) * alike.count as f64
                        };
                        off += error(&rounded);
                        off_by_nearest += error(&nearest);
                    }
                }
            }
            assert!(off < 0.2 * off_by_nearest, "{}: {off} {off_by_nearest}", layer.name);
        }
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
        assert!(kept.layers[0].rounded.get().is_some());
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
            for (layer, input) in network.layers.iter().skip(1).zip(&inputs.layers) {
                let len = layer.channel_len();
                let errors: Vec<f64> =
                    (0..len * layer.channels_out).map(|i| (i * 7 % 11) as f64 - 5.0).collect();
                let mut found = 0.0;
                for phase in 0..layer.rows.phases() * layer.columns.phases() {
                    let columns = layer.columns.phases();
                    let phase = Phase::new(layer, phase / columns, phase % columns);
                    let h = phase.products(&input.maps, &phase.met(input.maps.len()));
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
                let squares = |map: &Vec<i16>| -> f64 {
                    let x: Vec<f64> = map.iter().map(|q| f64::from(*q)).collect();
                    naive::run_folded(layer, &folded, &x).iter().map(|y| y * y).sum()
                };
                assert_eq!(found, input.maps.iter().map(squares).sum::<f64>(), "{}", layer.name);
            }
        }
    }
}
