//! What values the float network's tensors take.

use crate::float;
use crate::fold::{Activation, fold};
use crate::histogram::Histogram;
use crate::network::Network;
use crate::runner::Onnx;
use crate::{latents, parallel};
use anyhow::{Result, ensure};
use gen_core::format::write::DraftPart;

/// What a network's tensors were seen to hold.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Every layer's output but the last's.
    pub outputs: Vec<Histogram>,
    /// Smallest and largest of what is looked up in a table, for each layer that has one.
    pub looked_up: Vec<Option<(f64, f64)>>,
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
    let mut seen = Seen { outputs: Vec::new(), looked_up: vec![None; hidden + 1] };
    let names = (0..hidden).map(float::output).chain(tables.iter().map(|it| float::before(*it)));
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return Ok(seen);
    }
    let runner = Onnx::network(network, &names)?;
    let latent = DraftPart::latent(&network.latent);
    let run = |index| {
        let tensors = runner.run(&latents::calibration(seed, index, &latent));
        done();
        tensors
    };

    let limits = parallel::split(count, |range| {
        let mut limits = vec![(f32::MAX, f32::MIN); names.len()];
        for index in range {
            for ((low, high), tensor) in limits.iter_mut().zip(run(index)?) {
                for value in tensor {
                    ensure!(value.is_finite(), "the float network overflows: it gives {value}");
                    (*low, *high) = (low.min(value), high.max(value));
                }
            }
        }
        Ok(limits)
    })?;
    let limit = |tensor: usize| {
        let all = limits.iter().map(|part| part[tensor]);
        all.fold((f32::MAX, f32::MIN), |(a, b), (low, high)| (a.min(low), b.max(high)))
    };
    for (i, table) in tables.iter().enumerate() {
        let (low, high) = limit(hidden + i);
        seen.looked_up[*table] = Some((f64::from(low), f64::from(high)));
    }
    let largest = |tensor: usize| {
        let (low, high) = limit(tensor);
        low.abs().max(high.abs())
    };
    let empty: Vec<Histogram> = (0..hidden).map(|i| Histogram::new(largest(i))).collect();

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
