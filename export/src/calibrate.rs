//! What values the float network's tensors take.

use crate::histogram::Histogram;
use crate::load::Source;
use crate::network::Network;
use crate::runner::Onnx;
use crate::{latents, parallel};
use anyhow::{Result, ensure};
use gen_core::latent::Distribution;

/// Runs `network` on `count` latents and returns a histogram of every layer's output but the last's.
///
/// Two passes, the first for the largest magnitudes, so that memory doesn't grow with `count`;
/// `done` is called after every picture of either.
///
/// # Errors
/// If tract can't run it, or a tensor isn't finite.
pub fn calibrate(
    source: &Source,
    network: &Network,
    distribution: Distribution,
    seed: u64,
    count: usize,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Histogram>> {
    let hidden = &network.layers[..network.layers.len() - 1];
    if hidden.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = hidden.iter().map(|layer| layer.tensor.as_str()).collect();
    let runner = Onnx::new(source, &network.input_shape, &names)?;
    let len = network.latent_len();
    let run = |index| {
        let tensors = runner.run(&latents::calibration(seed, index, distribution, len));
        done();
        tensors
    };

    let largest = parallel::split(count, |range| {
        let mut largest = vec![0.0_f32; hidden.len()];
        for index in range {
            for (largest, tensor) in largest.iter_mut().zip(run(index)?) {
                for value in tensor {
                    ensure!(value.is_finite(), "the float network overflows: it gives {value}");
                    *largest = largest.max(value.abs());
                }
            }
        }
        Ok(largest)
    })?;
    let largest = |tensor: usize| largest.iter().map(|part| part[tensor]).fold(0.0, f32::max);
    let empty: Vec<Histogram> = (0..hidden.len()).map(|i| Histogram::new(largest(i))).collect();

    let parts = parallel::split(count, |range| {
        let mut histograms = empty.clone();
        for index in range {
            for (histogram, tensor) in histograms.iter_mut().zip(run(index)?) {
                histogram.add(&tensor);
            }
        }
        Ok(histograms)
    })?;
    let mut total = empty;
    for part in &parts {
        for (histogram, more) in total.iter_mut().zip(part) {
            histogram.merge(more);
        }
    }
    Ok(total)
}
