//! What values the float network's tensors take.

pub mod equalize;
pub mod histogram;

use crate::calibrate::equalize::Limits;
use crate::calibrate::histogram::Histogram;
use crate::network::Network;
use crate::network::float;
use crate::network::fold::{Activation, fold};
use crate::network::range::Range;
use crate::onnx::run::Onnx;
use crate::{latent, parallel};
use anyhow::{Result, ensure};
use gen_core::format::write::DraftPart;

/// What a network's tensors were seen to hold.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Every layer's output but the last's.
    pub outputs: Vec<Histogram>,
    /// Smallest and largest of each channel, likewise.
    pub limits: Vec<Limits>,
    /// Smallest and largest of what is looked up in a table, for each layer that has one.
    pub looked_up: Vec<Option<(f64, f64)>>,
}

impl Seen {
    /// What every layer's output but the last's is quantised to in 8 bits.
    pub fn ranges(&self) -> Vec<Range> {
        self.outputs.iter().map(Range::choose).collect()
    }
}

/// Runs `network` on `count` latents.
///
/// Two passes, the first for the largest magnitudes, so that memory doesn't grow with `count`;
/// `done` is called after every picture of either.
///
/// # Errors
/// If tract can't run it, or a tensor isn't finite.
pub fn calibrate(
    network: &Network,
    seed: u64,
    count: usize,
    done: &(dyn Fn() + Sync),
) -> Result<Seen> {
    let hidden = network.layers.len() - 1;
    let mut tables = Vec::new();
    for (index, layer) in network.layers.iter().enumerate() {
        if matches!(fold(layer, index == hidden)?.activation, Activation::Curve(_)) {
            tables.push(index);
        }
    }
    let mut seen =
        Seen { outputs: Vec::new(), limits: Vec::new(), looked_up: vec![None; hidden + 1] };
    let names = (0..hidden).map(float::output).chain(tables.iter().map(|it| float::before(*it)));
    let names: Vec<String> = names.collect();
    let layers = || (0..hidden).chain(tables.iter().copied()).map(|i| &network.layers[i]);
    let unseen: Vec<Limits> =
        layers().map(|layer| vec![(f32::MAX, f32::MIN); layer.channels_out]).collect();
    if names.is_empty() {
        return Ok(seen);
    }
    let runner = Onnx::network(network, &names)?;
    let latent = DraftPart::latent(&network.latent);
    let run = |index| {
        let tensors = runner.run(&latent::calibration(seed, index, &latent));
        done();
        tensors
    };

    let parts = parallel::split(count, |range| {
        let mut limits = unseen.clone();
        for index in range {
            for ((channels, tensor), layer) in limits.iter_mut().zip(run(index)?).zip(layers()) {
                let plane = tensor.len() / channels.len();
                for (limits, values) in channels.iter_mut().zip(tensor.chunks_exact(plane)) {
                    for &value in values {
                        ensure!(
                            value.is_finite(),
                            "node \"{}\": the float network itself gives {value} for latent {index} of calibration",
                            layer.name
                        );
                        *limits = wider(*limits, (value, value));
                    }
                }
            }
        }
        Ok(limits)
    })?;
    let mut limits = unseen.clone();
    for part in &parts {
        for (limits, part) in limits.iter_mut().flatten().zip(part.iter().flatten()) {
            *limits = wider(*limits, *part);
        }
    }
    let all = |channels: &Limits| channels.iter().fold((f32::MAX, f32::MIN), |a, b| wider(a, *b));
    for (table, channels) in tables.iter().zip(limits.split_off(hidden)) {
        let (low, high) = all(&channels);
        seen.looked_up[*table] = Some((f64::from(low), f64::from(high)));
    }
    let largest = |channels: &Limits| {
        let (low, high) = all(channels);
        low.abs().max(high.abs())
    };
    let empty: Vec<Histogram> = limits.iter().map(|it| Histogram::new(largest(it))).collect();
    seen.limits = limits;

    let parts = parallel::split(count, |range| {
        let mut histograms = empty.clone();
        for index in range {
            for (histogram, tensor) in histograms.iter_mut().zip(run(index)?) {
                histogram.add(&tensor);
            }
        }
        Ok(histograms)
    })?;
    seen.outputs = empty;
    for part in &parts {
        for (histogram, more) in seen.outputs.iter_mut().zip(part) {
            histogram.merge(more);
        }
    }
    Ok(seen)
}

/// Limits that hold both.
fn wider((low, high): (f32, f32), other: (f32, f32)) -> (f32, f32) {
    (low.min(other.0), high.max(other.1))
}
