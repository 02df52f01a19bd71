//! Recorded inputs of the layers, for which 8-bit weights are rounded.

use crate::network::float::{BATCH, Runner, Tensor};
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::quantize::rounding;
use crate::{latent, parallel};
use anyhow::Result;
use gen_core::format::write::DraftPart;
use std::sync::OnceLock;

/// Binary digits after the point of recorded values, in steps of their tensor.
const DIGITS: u32 = 6;
/// A step of a tensor in recorded values.
pub(super) const STEP: i16 = 1 << DIGITS;

/// Recorded inputs of the layers after the first. By default nothing is recorded: weights keep their nearest
/// steps.
#[derive(Debug, Default)]
pub struct Inputs {
    pub(super) layers: Vec<Recording>,
}

/// Recorded inputs of one layer.
#[derive(Debug)]
pub(super) struct Recording {
    /// One map per latent, HWC: 8-bit elements minus their zero-point.
    pub(super) maps: Vec<Vec<i16>>,
    /// What rounding and clipping took from each element of `maps`, in 1 / [`STEP`] of a step.
    pub(super) lost: Vec<Vec<i16>>,
    /// The first weights that were rounded, in steps, and the result: different mixes of 8 and 12 bits often round the
    /// same weights.
    pub(super) rounded: OnceLock<(Vec<f64>, Vec<i16>)>,
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
                    let fine = |it: &f32| f64::from(*it) / tensor.scale * f64::from(STEP);
                    values.iter().map(|it| fine(it).round() as i16).collect()
                };
                done();
                values.iter().zip(tensors).map(map).collect::<Vec<Vec<i16>>>()
            });
            Ok(maps.collect())
        })?;
        let mut maps: Vec<Vec<Vec<i16>>> = tensors.iter().map(|_| Vec::new()).collect();
        for latent in latents {
            maps.iter_mut().zip(latent).for_each(|(maps, map)| maps.push(map));
        }
        let layers = maps.iter().zip(tensors);
        let layers = layers.map(|(maps, tensor)| Recording::new(maps, tensor.zero_point));
        Ok(Self { layers: layers.collect() })
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
        let Some(input) = index.checked_sub(1).and_then(|it| self.layers.get(it)) else {
            return nearest;
        };
        if let Some((_, weights)) = input.rounded.get().filter(|(asked, _)| *asked == real) {
            return weights.clone();
        }
        let mut weights = nearest;
        rounding::round(layer, &real, input, &mut weights);
        // If other weights were stored first, these are rounded anew each time.
        let _ = input.rounded.set((real, weights.clone()));
        weights
    }
}

impl Recording {
    /// The recording of `maps`, an 8-bit tensor in 1 / [`STEP`] of a step, HWC.
    fn new(maps: &[Vec<i16>], zero_point: u8) -> Self {
        let (low, high) = (-i16::from(zero_point), 255 - i16::from(zero_point));
        let whole = |fine: &i16| (fine.saturating_add(STEP / 2) >> DIGITS).clamp(low, high);
        let lost = |fine: &i16| fine.saturating_sub(whole(fine) << DIGITS);
        let each = |of: &dyn Fn(&i16) -> i16| {
            maps.iter().map(|map| map.iter().map(of).collect()).collect()
        };
        Self { maps: each(&whole), lost: each(&lost), rounded: OnceLock::new() }
    }
}
