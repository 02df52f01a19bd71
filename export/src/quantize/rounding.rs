//! Weights rounded for what their layer gives, not each to its nearest step.
//!
//! Errors e of the weights change an output by eᵀx, whose mean square is eᵀHe with H = E[xxᵀ] over the inputs x
//! that meet these weights. Inputs depend on each other (behind a ReLU, all are positive), so errors can cancel:
//! beginning with the nearest steps, weights go a step up or down as long as eᵀHe falls (AdaRound's aim, Nagel et
//! al. 2020, arXiv 2004.10568, by the coordinate descent of Behdin et al. 2023, arXiv 2309.01885). Each phase of
//! a transposed convolution has taps of its own and so an H of its own.

use crate::network::float;
use crate::network::range::Range;
use crate::network::{Layer, Network};
use crate::onnx::run::Onnx;
use crate::{latent, parallel};
use anyhow::Result;
use gen_core::axis::{Axis, Taps};
use gen_core::element::Weight;
use gen_core::format::write::DraftPart;
use ndarray::{Array2, s};
use std::sync::OnceLock;

/// Most weights of an output that are rounded together: time and memory grow with the square. Outputs of more
/// keep the nearest steps.
const LARGEST: usize = 2304;
/// About how many outputs of a phase H is taken from.
const OUTPUTS: usize = 8192;
/// So many products of two inputs, below 2⁸ each, are summed exactly in `f32`: with them H is the same everywhere.
const EXACT: usize = 256;
/// What is added to H's diagonal, as a part of its mean: what calibration never saw must not cost anything.
const DAMPING: f64 = 0.01;
/// Most passes over the weights.
const PASSES: usize = 20;

/// What the layers behind the first were given; by default nothing, and weights go to their nearest steps.
#[derive(Debug, Default)]
pub struct Inputs(Vec<Seen>);

/// What a layer was given.
#[derive(Debug)]
struct Seen {
    /// For each latent, in 8 bits, HWC.
    maps: Vec<Vec<u8>>,
    /// What stands for 0.
    zero_point: u8,
    /// The weights that were asked for first, in steps, and what they were rounded to: mixes of 8 and 12 bits ask
    /// for the same again.
    rounded: OnceLock<(Vec<f64>, Vec<i16>)>,
}

impl Inputs {
    /// Those of `network`, whose hidden tensors have `ranges`, of bytes, on `count` latents of calibration; `done` is
    /// called after each. (The first layer's are the latent, whose elements are independent: its nearest steps are
    /// best.)
    ///
    /// # Errors
    /// If tract can't run the network.
    pub fn see(
        network: &Network,
        ranges: &[Range],
        seed: u64,
        count: usize,
        done: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        let names: Vec<String> = (0..ranges.len()).map(float::output).collect();
        if names.is_empty() {
            return Ok(Self::default());
        }
        let runner = Onnx::network(network, &names)?;
        let latent = DraftPart::latent(&network.latent);
        let parts = parallel::split(count, |indices| {
            let mut maps: Vec<Vec<Vec<u8>>> = vec![Vec::new(); ranges.len()];
            for index in indices {
                let tensors = runner.run(&latent::calibration(seed, index, &latent))?;
                for (index, tensor) in tensors.iter().enumerate() {
                    let (range, channels) = (ranges[index], network.layers[index].channels_out);
                    let plane = tensor.len() / channels;
                    let at = |i: usize| f64::from(tensor[i % channels * plane + i / channels]);
                    let map = (0..tensor.len()).map(|i| range.quantize(at(i)) as u8);
                    maps[index].push(map.collect());
                }
                done();
            }
            Ok(maps)
        })?;
        let mut maps: Vec<Vec<_>> = vec![Vec::new(); ranges.len()];
        for part in parts {
            maps.iter_mut().zip(part).for_each(|(maps, part)| maps.extend(part));
        }
        let seen = |(maps, range): (_, &Range)| Seen {
            maps,
            zero_point: range.zero_point,
            rounded: OnceLock::new(),
        };
        Ok(Self(maps.into_iter().zip(ranges).map(seen).collect()))
    }

    /// The 8-bit weights of layer `index` for what it is given, or `nearest` if that isn't known; `real` are they in
    /// steps.
    ///
    /// # Errors
    /// None of its own.
    pub(super) fn round(
        &self,
        index: usize,
        layer: &Layer,
        real: Vec<f64>,
        nearest: Vec<i16>,
    ) -> Result<Vec<i16>> {
        let Some(seen) = index.checked_sub(1).and_then(|it| self.0.get(it)) else {
            return Ok(nearest);
        };
        if let Some((_, weights)) = seen.rounded.get().filter(|(asked, _)| *asked == real) {
            return Ok(weights.clone());
        }
        let mut weights = nearest;
        round(layer, &real, &seen.maps, seen.zero_point, &mut weights)?;
        // Where other weights were first, these are rounded whenever they are asked for.
        let _ = seen.rounded.set((real, weights.clone()));
        Ok(weights)
    }
}

/// Rounds `real`, the weights of `layer` in steps, again: `weights` are the nearest steps. What stands for 0 in
/// `inputs` is `zero_point`.
///
/// # Errors
/// None of its own.
fn round(
    layer: &Layer,
    real: &[f64],
    inputs: &[Vec<u8>],
    zero_point: u8,
    weights: &mut [i16],
) -> Result<()> {
    let len = layer.channel_len();
    for row in 0..layer.rows.phases() {
        for column in 0..layer.columns.phases() {
            let phase = Phase::new(layer, row, column);
            if phase.places.is_empty() || phase.places.len() > LARGEST {
                continue;
            }
            let mut h = phase.products(inputs, zero_point)?;
            let next = phase.places.len() + 1;
            let mean = h.iter().step_by(next).sum::<f64>() / phase.places.len() as f64;
            h.iter_mut().step_by(next).for_each(|square| *square += DAMPING * mean);
            let rounded = parallel::split(layer.channels_out, |channels| {
                let round = |out: usize| {
                    let at = |place: &usize| out * len + place;
                    let real: Vec<f64> = phase.places.iter().map(|it| real[at(it)]).collect();
                    let mut steps: Vec<i16> =
                        phase.places.iter().map(|it| weights[at(it)]).collect();
                    descend(&h, &real, &mut steps);
                    steps
                };
                Ok(channels.map(round).collect::<Vec<_>>())
            })?;
            for (out, steps) in rounded.into_iter().flatten().enumerate() {
                for (place, step) in phase.places.iter().zip(steps) {
                    weights[out * len + place] = step;
                }
            }
        }
    }
    Ok(())
}

/// Outputs that meet the same weights.
struct Phase {
    /// Where the weights are among those of a channel: by tap, then by input channel.
    places: Vec<usize>,
    /// What each output reads, along both axes.
    outputs: Vec<[Taps; 2]>,
    /// Inputs in a row of the map.
    width: usize,
    /// Channels of the map.
    channels: usize,
}

impl Phase {
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

    /// H row by row, but for a factor, in squares of a step of the inputs.
    fn products(&self, inputs: &[Vec<u8>], zero_point: u8) -> Result<Vec<f64>> {
        let len = self.places.len();
        // Each output of some latents, rather than some outputs of each.
        let every = (inputs.len() * self.outputs.len()).div_ceil(OUTPUTS).max(1);
        let outputs = inputs.iter().enumerate().flat_map(|(index, map)| {
            let of_map = self.outputs.iter().skip(index % every).step_by(every);
            of_map.map(move |output| (map, output))
        });
        let outputs: Vec<_> = outputs.collect();
        let parts = parallel::split(len, |block| {
            let mut sums = Array2::<f64>::zeros((block.len(), len));
            for outputs in outputs.chunks(EXACT) {
                let mut x = Array2::<f32>::zeros((outputs.len(), len));
                for (mut row, (map, output)) in x.rows_mut().into_iter().zip(outputs) {
                    self.read(map, zero_point, output, |i, value| row[i] = value);
                }
                let products = x.slice(s![.., block.clone()]).t().dot(&x);
                sums.zip_mut_with(&products, |sum, product| *sum += f64::from(*product));
            }
            Ok(sums.into_iter().collect::<Vec<_>>())
        })?;
        Ok(parts.concat())
    }

    /// Gives `meet` what each weight of `output` meets; the others meet zeros.
    fn read(
        &self,
        map: &[u8],
        zero_point: u8,
        [rows, columns]: &[Taps; 2],
        mut meet: impl FnMut(usize, f32),
    ) {
        let run = columns.len * self.channels;
        for row in 0..rows.len {
            let from = ((rows.input + row) * self.width + columns.input) * self.channels;
            let to = ((rows.skip + row) * columns.count + columns.skip) * self.channels;
            for (i, &q) in map[from..from + run].iter().enumerate() {
                meet(to + i, f32::from(q) - f32::from(zero_point));
            }
        }
    }
}

/// Moves `steps` up or down, one weight by one step at a time, while eᵀHe falls, where e is what they are beyond
/// `real` and `h` is H row by row.
fn descend(h: &[f64], real: &[f64], steps: &mut [i16]) {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::calibrate;
    use crate::import::import;
    use crate::network::fold::{Activation, Folded};
    use crate::network::naive;
    use crate::pipeline::sketch;
    use crate::quantize::scale;

    /// Where inputs are nearly the same, only the sum of the weights counts.
    #[test]
    fn errors_cancel_within_the_range_of_steps() {
        let rounded = |real: &[f64]| {
            let len = real.len();
            let same = |i: usize| if i.is_multiple_of(len + 1) { 1.1 } else { 1.0 };
            let h: Vec<f64> = (0..len * len).map(same).collect();
            let mut steps: Vec<i16> =
                real.iter().map(|w| scale::quantize(*w, Weight::Byte, 1.0)).collect();
            descend(&h, real, &mut steps);
            steps
        };
        assert_eq!(rounded(&[0.4; 5]), [1, 1, 0, 0, 0]);
        assert_eq!(rounded(&[-0.4; 5]), [-1, -1, 0, 0, 0]);
        assert_eq!(rounded(&[127.0, 0.4, 0.4]), [127, 1, 0]);
        assert_eq!(rounded(&[-127.0, -0.4, -0.4]), [-127, -1, 0]);
    }

    /// The same weights again are not rounded again, others are.
    #[test]
    fn what_was_rounded_first_is_kept_for_its_own_weights() {
        let network = import(&sketch::dense_first()).unwrap();
        let seen = calibrate(&network, 1, 4, &|| ()).unwrap();
        let ranges = seen.ranges();
        let see = || Inputs::see(&network, &ranges, 1, 4, &|| ()).unwrap();
        let layer = &network.layers[1];
        let rounded = |inputs: &Inputs, steps: f64| {
            let real: Vec<f64> = layer.weights.iter().map(|w| f64::from(*w) * steps).collect();
            let nearest = real.iter().map(|w| scale::quantize(*w, Weight::Byte, 1.0)).collect();
            inputs.round(1, layer, real, nearest).unwrap()
        };
        let kept = see();
        let first = rounded(&kept, 50.0);
        assert!(kept.0[0].rounded.get().is_some());
        assert_eq!(rounded(&kept, 50.0), first);
        let other = rounded(&kept, 30.0);
        assert_ne!(other, first);
        assert_eq!(other, rounded(&see(), 30.0));
    }

    /// Whatever the geometry: eᵀHe is what a layer of weights e gives, squared and summed.
    #[test]
    fn products_are_those_of_what_meets() {
        for source in sketch::all() {
            let network = import(&source).unwrap();
            let seen = calibrate(&network, 1, 4, &|| ()).unwrap();
            let ranges = seen.ranges();
            let inputs = Inputs::see(&network, &ranges, 1, 4, &|| ()).unwrap();
            for (index, layer) in network.layers.iter().enumerate().skip(1) {
                let Seen { maps, zero_point: zero, .. } = &inputs.0[index - 1];
                let zero = *zero;
                let len = layer.channel_len();
                let errors: Vec<f64> =
                    (0..len * layer.channels_out).map(|i| (i * 7 % 11) as f64 - 5.0).collect();
                let mut found = 0.0;
                for phase in 0..layer.rows.phases() * layer.columns.phases() {
                    let columns = layer.columns.phases();
                    let phase = Phase::new(layer, phase / columns, phase % columns);
                    let h = phase.products(maps, zero).unwrap();
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
                    seen: None,
                };
                let squares = |map: &Vec<u8>| -> f64 {
                    let x: Vec<f64> = map.iter().map(|q| f64::from(*q) - f64::from(zero)).collect();
                    naive::run_folded(layer, &folded, &x).iter().map(|y| y * y).sum()
                };
                assert_eq!(found, maps.iter().map(squares).sum::<f64>(), "{}", layer.name);
            }
        }
    }
}
