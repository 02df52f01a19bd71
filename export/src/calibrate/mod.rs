//! Calibration: measures the values that the float network's tensors take, and chooses the range of each.
//!
//! - [`histogram`]: how often each value occurs
//! - [`range`]: the range with the least error
//! - [`equalize`](mod@equalize): scales channels of small values up and of rare large values down

pub mod equalize;
pub mod histogram;
pub mod range;

use crate::calibrate::histogram::Histogram;
use crate::calibrate::range::Limits;
use crate::network::float::{BATCH, Runner, Tensor};
use crate::network::fold::{Activation, Folded, fold_all};
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::{latent, parallel};
use anyhow::{Result, ensure};
use gen_core::format::write::DraftPart;
use std::ops::Range;

/// The values that a network's tensors took in calibration.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Histogram of every hidden layer's output.
    pub outputs: Vec<Histogram>,
    /// Smallest and largest value of each channel of every hidden layer's output.
    pub limits: Vec<Limits>,
    /// Root mean square of each channel of every hidden layer's output.
    pub magnitudes: Vec<Vec<f64>>,
    /// All layers, folded; those with a lookup table with the smallest and largest input of that table.
    pub folded: Vec<Folded>,
}

impl Statistics {
    /// The 8-bit quantisation of every hidden layer's output.
    pub fn eight_bit(&self) -> Vec<Quantization> {
        self.outputs.iter().map(range::choose).collect()
    }

    /// The 12-bit quantisation of every hidden layer's output.
    pub fn twelve_bit(&self) -> Vec<Quantization> {
        self.limits.iter().map(range::wide).collect()
    }
}

/// Records the values of the tensors of `network` on `count` calibration latents.
///
/// There are two passes over the latents: the first finds the limits, the second fills histograms within them. Memory
/// therefore doesn't grow with `count`. `done` is called after every latent of either pass.
///
/// # Errors
///
/// If a value isn't finite, or the steps of a layer do not fit into one epilogue.
pub fn calibrate(
    network: &Network,
    seed: u64,
    count: usize,
    done: &(dyn Fn() + Sync),
) -> Result<Statistics> {
    let hidden = network.layers.len() - 1;
    let mut folded = fold_all(network)?;
    let is_table = |index: &usize| matches!(folded[*index].activation, Activation::Curve(_));
    let tables: Vec<usize> = (0..=hidden).filter(is_table).collect();
    if hidden + tables.len() == 0 {
        let (outputs, limits, magnitudes) = Default::default();
        return Ok(Statistics { outputs, limits, magnitudes, folded });
    }
    let wanted = (0..hidden).map(Tensor::Output).chain(tables.iter().map(|it| Tensor::Before(*it)));
    let runner = Runner::new(network, None, wanted.collect());
    let latent = DraftPart::latent(&network.latent);
    let run = |batch: Range<usize>| {
        let latents: Vec<_> = batch.map(|i| latent::calibration(seed, i, &latent)).collect();
        let tensors = runner.run(&latents);
        latents.iter().for_each(|_| done());
        tensors
    };

    let layers = (0..hidden).chain(tables.iter().copied()).map(|i| &network.layers[i]);
    let mut limits = limits(&layers.collect::<Vec<_>>(), count, &run)?;
    for (table, channels) in tables.iter().zip(limits.split_off(hidden)) {
        let (low, high) = all(&channels);
        folded[*table].looked_up = Some((f64::from(low), f64::from(high)));
    }
    let (outputs, magnitudes) = histograms(&limits, count, &run)?.into_iter().unzip();
    Ok(Statistics { outputs, limits, magnitudes, folded })
}

/// Computes the tensors of each of a batch of calibration latents.
type Run<'r> = dyn Fn(Range<usize>) -> Result<Vec<Vec<Vec<f32>>>> + Sync + 'r;

/// The limits of each tensor that `run` computes on `count` latents. There is one tensor for each of `layers`.
///
/// # Errors
///
/// If a value isn't finite, naming the node.
fn limits(layers: &[&Layer], count: usize, run: &Run) -> Result<Vec<Limits>> {
    let unseen = layers.iter().map(|layer| vec![(f32::MAX, f32::MIN); layer.channels_out]);
    let see = |limits: &mut [Limits], batch: Range<usize>| {
        for (index, tensors) in batch.clone().zip(run(batch)?) {
            for ((channels, tensor), layer) in limits.iter_mut().zip(tensors).zip(layers) {
                ensure!(
                    tensor.iter().all(|value| value.is_finite()),
                    "node \"{}\": the float network itself gives NaN or infinity for calibration latent {index}",
                    layer.name
                );
                for values in tensor.chunks_exact(channels.len()) {
                    for (limits, &value) in channels.iter_mut().zip(values) {
                        *limits = wider(*limits, (value, value));
                    }
                }
            }
        }
        Ok(())
    };
    gather(unseen.collect(), count, see, |limits, part| {
        limits.iter_mut().zip(part).for_each(|(limits, part)| *limits = wider(*limits, *part));
    })
}

/// The histograms of the first tensors that `run` computes on `count` latents, one for each of `limits`, and the root
/// mean squares of their channels.
///
/// # Errors
///
/// Those of `run`.
fn histograms(limits: &[Limits], count: usize, run: &Run) -> Result<Vec<(Histogram, Vec<f64>)>> {
    let empty = |channels: &Limits| {
        let (low, high) = all(channels);
        (Histogram::new(low.abs().max(high.abs())), vec![0; channels.len()])
    };
    let see = |found: &mut [(Histogram, Vec<u64>)], batch| {
        for tensors in run(batch)? {
            for ((histogram, squares), tensor) in found.iter_mut().zip(&tensors) {
                histogram.add(tensor, squares);
            }
        }
        Ok(())
    };
    let merge = |(histogram, squares): &mut (Histogram, Vec<u64>), more: &(Histogram, Vec<_>)| {
        histogram.merge(&more.0);
        squares.iter_mut().zip(&more.1).for_each(|(squares, more)| *squares += more);
    };
    let found = gather(limits.iter().map(empty).collect(), count, see, merge)?;
    let with_magnitudes = found.into_iter().map(|(histogram, squares)| {
        let magnitudes = histogram.magnitudes(&squares);
        (histogram, magnitudes)
    });
    Ok(with_magnitudes.collect())
}

/// What `see` finds in `count` latents, beginning with `empty`. Each thread sees some batches of them, and `merge` adds
/// what it found.
///
/// # Errors
///
/// Those of `see`.
fn gather<T: Clone + Send + Sync>(
    empty: Vec<T>,
    count: usize,
    see: impl Fn(&mut [T], Range<usize>) -> Result<()> + Sync,
    merge: impl Fn(&mut T, &T),
) -> Result<Vec<T>> {
    let parts = parallel::split(count.div_ceil(BATCH), |mut batches| {
        let mut found = empty.clone();
        let batch = |i: usize| i * BATCH..count.min((i + 1) * BATCH);
        batches.try_for_each(|i| see(&mut found, batch(i))).map(|()| found)
    });
    let mut all = empty;
    for part in parts {
        all.iter_mut().zip(&part?).for_each(|(all, part)| merge(all, part));
    }
    Ok(all)
}

/// The limits of all channels together.
fn all(channels: &Limits) -> (f32, f32) {
    channels.iter().fold((f32::MAX, f32::MIN), |a, b| wider(a, *b))
}

/// The narrowest limits that contain both.
fn wider((low, high): (f32, f32), other: (f32, f32)) -> (f32, f32) {
    (low.min(other.0), high.max(other.1))
}
