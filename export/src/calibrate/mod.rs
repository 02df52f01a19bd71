//! Calibration: measures the values that the float network's tensors take, and chooses the range of each.
//!
//! - [`histogram`]: how often each value occurs
//! - [`range`]: the range with the least error
//! - [`equalize`](mod@equalize): divides channels with rare large values

pub mod equalize;
pub mod histogram;
pub mod range;

use crate::calibrate::histogram::Histogram;
use crate::calibrate::range::Limits;
use crate::network::float;
use crate::network::fold::{Activation, Folded, fold_all};
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::{latent, parallel};
use anyhow::{Result, ensure};
use gen_core::format::write::DraftPart;

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
/// If tract can't run the network, or a value isn't finite.
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
    let names = (0..hidden).map(float::output).chain(tables.iter().map(|it| float::before(*it)));
    let runner = float::prepare(network, None, &names.collect::<Vec<_>>())?;
    let latent = DraftPart::latent(&network.latent);
    let run = |index| {
        let tensors = runner.run(&latent::calibration(seed, index, &latent));
        done();
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

/// Computes the tensors of calibration latent `index`, `[C, H, W]` each.
type Run<'r> = dyn Fn(usize) -> Result<Vec<Vec<f32>>> + Sync + 'r;

/// The limits of each tensor that `run` computes on `count` latents. There is one tensor for each of `layers`.
///
/// # Errors
///
/// If tract fails, or a value isn't finite, naming the node.
fn limits(layers: &[&Layer], count: usize, run: &Run) -> Result<Vec<Limits>> {
    let unseen = layers.iter().map(|layer| vec![(f32::MAX, f32::MIN); layer.channels_out]);
    let see = |limits: &mut [Limits], index: usize| {
        for ((channels, tensor), layer) in limits.iter_mut().zip(run(index)?).zip(layers) {
            let plane = tensor.len() / channels.len();
            for (limits, values) in channels.iter_mut().zip(tensor.chunks_exact(plane)) {
                for &value in values {
                    ensure!(
                        value.is_finite(),
                        "node \"{}\": the float network itself gives {value} for calibration latent {index}",
                        layer.name
                    );
                    *limits = wider(*limits, (value, value));
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
/// If tract fails.
fn histograms(limits: &[Limits], count: usize, run: &Run) -> Result<Vec<(Histogram, Vec<f64>)>> {
    // Sum of the squares and number of values of each channel.
    type Found = (Histogram, Vec<(u64, u64)>);
    let empty = |channels: &Limits| -> Found {
        let (low, high) = all(channels);
        (Histogram::new(low.abs().max(high.abs())), vec![(0, 0); channels.len()])
    };
    let see = |found: &mut [Found], index: usize| {
        for ((histogram, channels), tensor) in found.iter_mut().zip(run(index)?) {
            let plane = tensor.len() / channels.len();
            for ((squares, count), values) in channels.iter_mut().zip(tensor.chunks_exact(plane)) {
                *squares += histogram.add(values);
                *count += plane as u64;
            }
        }
        Ok(())
    };
    let merge = |(histogram, channels): &mut Found, more: &Found| {
        histogram.merge(&more.0);
        for ((squares, count), more) in channels.iter_mut().zip(&more.1) {
            (*squares, *count) = (*squares + more.0, *count + more.1);
        }
    };
    let found = gather(limits.iter().map(empty).collect(), count, see, merge)?;
    let magnitudes = found.into_iter().map(|(histogram, channels)| {
        let magnitude = |(squares, count): (u64, u64)| {
            (squares as f64 / count.max(1) as f64).sqrt() * histogram.width()
        };
        let magnitudes = channels.into_iter().map(magnitude).collect();
        (histogram, magnitudes)
    });
    Ok(magnitudes.collect())
}

/// What `see` finds in `count` latents, beginning with `empty`. Each thread sees some of them, and `merge` adds what it
/// found.
///
/// # Errors
///
/// Those of `see`.
fn gather<T: Clone + Send + Sync>(
    empty: Vec<T>,
    count: usize,
    see: impl Fn(&mut [T], usize) -> Result<()> + Sync,
    merge: impl Fn(&mut T, &T),
) -> Result<Vec<T>> {
    let parts = parallel::split(count, |mut indices| {
        let mut found = empty.clone();
        indices.try_for_each(|index| see(&mut found, index)).map(|()| found)
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
