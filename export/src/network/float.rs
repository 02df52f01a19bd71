//! Runs the float network. The values decide what a `.gen` holds, so they are the same on every machine: sums have
//! [one order](crate::network::sums), and functions are those of the crate `libm`.

use crate::latent::places;
use crate::network::Network;
use crate::network::linear::planes;
use crate::network::operation::Step;
use crate::network::quantization::Quantization;
use crate::network::sums::{LANES, Lanes, Sums};
use crate::picture::Planes;
use crate::picture::pixel_rule::PixelRule;
use anyhow::{Result, ensure};
use std::ops::Range;

/// Number of latents that take as long as one.
pub const BATCH: usize = LANES;

/// A tensor of the network, a map in the order `[row][column][channel]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tensor {
    /// What the activation of a layer takes: the sums after the affine steps that are folded into its weights.
    Before(usize),
    /// The output of a layer.
    Output(usize),
}

/// A layer's output that is rounded to the steps of a quantisation.
#[derive(Clone, Copy, Debug)]
pub struct Rounded {
    /// Index of the layer.
    pub index: usize,
    /// The quantisation.
    pub quantization: Quantization,
}

/// A network that is ready to run.
pub struct Runner {
    /// The parts of the latent that are normalised.
    normalized: Vec<Range<usize>>,
    layers: Vec<Layer>,
    rounded: Option<Rounded>,
    wanted: Vec<Tensor>,
}

/// A layer that is ready to run.
struct Layer {
    sums: Sums,
    steps: Vec<Step>,
    /// Number of affine steps before the activation.
    affine: usize,
}

impl Runner {
    /// Prepares `network` to compute the tensors `wanted`. `rounded` names a layer's output that is rounded, if any.
    pub fn new(network: &Network, rounded: Option<Rounded>, wanted: Vec<Tensor>) -> Self {
        let layer = |layer: &super::Layer| Layer {
            sums: Sums::new(layer),
            steps: layer.steps.clone(),
            affine: layer.steps.iter().take_while(|step| step.operation.is_affine()).count(),
        };
        let parts = network.latent.iter().zip(places(&network.latent));
        let normalized = parts.filter(|(part, _)| part.normalized).map(|(_, place)| place);
        Self {
            normalized: normalized.collect(),
            layers: network.layers.iter().map(layer).collect(),
            rounded,
            wanted,
        }
    }

    /// Prepares `network` to compute only the last layer's output: the values of the picture. `rounded` as in
    /// [`new`](Self::new).
    pub fn picture(network: &Network, rounded: Option<Rounded>) -> Self {
        Self::new(network, rounded, vec![Tensor::Output(network.layers.len() - 1)])
    }

    /// The wanted tensors for each of `latents`.
    ///
    /// # Errors
    ///
    /// If a latent has the wrong length.
    pub fn run(&self, latents: &[Vec<f32>]) -> Result<Vec<Vec<Vec<f32>>>> {
        let mut all = Vec::with_capacity(latents.len());
        for latents in latents.chunks(BATCH) {
            all.append(&mut self.batch(latents)?);
        }
        Ok(all)
    }

    /// As [`run`](Self::run), for up to [`BATCH`] latents.
    fn batch(&self, latents: &[Vec<f32>]) -> Result<Vec<Vec<Vec<f32>>>> {
        let mut tensors = vec![vec![Vec::new(); self.wanted.len()]; latents.len()];
        let mut see = |seen: Tensor, map: &[Lanes]| {
            for place in (0..self.wanted.len()).filter(|place| self.wanted[*place] == seen) {
                for (lane, tensors) in tensors.iter_mut().enumerate() {
                    tensors[place] = map.iter().map(|lanes| lanes[lane]).collect();
                }
            }
        };
        let mut map = self.input(latents)?;
        for (index, layer) in self.layers.iter().enumerate() {
            map = layer.sums.of(&map);
            let (affine, rest) = layer.steps.split_at(layer.affine);
            apply(affine, &mut map);
            see(Tensor::Before(index), &map);
            apply(rest, &mut map);
            if let Some(Rounded { quantization, .. }) = self.rounded.filter(|it| it.index == index)
            {
                for value in map.as_flattened_mut() {
                    *value = quantization.real(quantization.quantize(f64::from(*value))) as f32;
                }
            }
            see(Tensor::Output(index), &map);
        }
        Ok(tensors)
    }

    /// The first layer's input: `latents` side by side.
    fn input(&self, latents: &[Vec<f32>]) -> Result<Vec<Lanes>> {
        let need = self.layers.first().map_or(0, |layer| layer.sums.channels_in());
        let mut map = vec![[0.0; LANES]; need];
        for (lane, z) in latents.iter().enumerate() {
            ensure!(z.len() == need, "latent of {} elements, the model takes {need}", z.len());
            map.iter_mut().zip(z).for_each(|(lanes, z)| lanes[lane] = *z);
            for place in &self.normalized {
                let squares = z[place.clone()].iter().map(|z| f64::from(*z).powi(2)).sum::<f64>();
                let mean = (squares / place.len() as f64).max(f64::from(f32::MIN_POSITIVE));
                for (lanes, z) in map[place.clone()].iter_mut().zip(&z[place.clone()]) {
                    lanes[lane] = (f64::from(*z) / libm::sqrt(mean)) as f32;
                }
            }
        }
        Ok(map)
    }
}

/// Applies `steps` to all elements of `map`, in `f64`.
fn apply(steps: &[Step], map: &mut [Lanes]) {
    if steps.is_empty() {
        return;
    }
    for (index, lanes) in map.iter_mut().enumerate() {
        let steps = steps.iter().map(|step| &step.operation);
        let y = steps.fold(lanes.map(f64::from), |x, operation| operation.each(x, index));
        *lanes = y.map(|y| y as f32);
    }
}

/// The pictures of `network`, with which quantised pictures are compared, as a function of latents. `rounded` as in
/// [`Runner::new`].
///
/// # Errors
///
/// The function fails if a latent has the wrong length.
pub fn drawing(
    network: &Network,
    rounded: Option<Rounded>,
    pixels: PixelRule,
) -> impl Fn(&[Vec<f32>]) -> Result<Vec<Planes>> + use<> {
    let (runner, image) = (Runner::picture(network, rounded), network.image());
    let picture = move |values: &[f32]| pixels.picture(image, &planes(values, image));
    move |latents| Ok(runner.run(latents)?.iter().map(|tensors| picture(&tensors[0])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latent;
    use crate::network::naive;
    use crate::sketch;
    use gen_core::format::write::DraftPart;

    /// Pictures are those of the simplest implementation, and do not depend on the others of their batch.
    #[test]
    fn pictures_are_those_of_the_network() {
        for source in sketch::all() {
            let network = sketch::imported(&source);
            let latent = DraftPart::latent(&network.latent);
            let latents: Vec<_> = (0..BATCH + 3).map(|i| latent::shown(1, i, &latent)).collect();
            let runner = Runner::picture(&network, None);
            let all = runner.run(&latents).unwrap();
            assert_eq!(all.len(), latents.len());
            for (z, tensors) in latents.iter().zip(&all) {
                assert_eq!(&runner.run(std::slice::from_ref(z)).unwrap()[0], tensors);
                let z: Vec<f64> = z.iter().map(|z| f64::from(*z)).collect();
                let expected = naive::run(&network, &z);
                assert_eq!(tensors[0].len(), expected.len());
                for (a, b) in tensors[0].iter().zip(expected) {
                    assert!((f64::from(*a) - b).abs() < 1e-5, "{a} {b}");
                }
            }
            let error = runner.run(&[vec![0.0; 1000]]).unwrap_err().to_string();
            assert!(error.contains("latent of 1000 elements"), "{error}");
        }
    }

    /// A tensor before the activation is the output without the steps from the activation on.
    #[test]
    fn tensors_are_those_that_were_asked_for() {
        let network = sketch::imported(&sketch::dense_first());
        let mut bare = network.clone();
        bare.layers.truncate(1);
        let affine = |step: &Step| step.operation.is_affine();
        bare.layers[0].steps =
            bare.layers[0].steps.iter().take_while(|it| affine(it)).cloned().collect();
        let z = latent::shown(1, 0, &DraftPart::latent(&network.latent));
        let run = |network, wanted| {
            Runner::new(network, None, wanted).run(std::slice::from_ref(&z)).unwrap()
        };
        let [before, output] = [Tensor::Before(0), Tensor::Output(0)];
        let both = run(&network, vec![output, before]);
        assert_eq!(both[0][1], run(&bare, vec![output])[0][0]);
        assert_ne!(both[0][0], both[0][1]);
    }

    #[test]
    fn an_output_is_rounded_to_its_steps() {
        let network = sketch::imported(&sketch::dense_first());
        let quantization = Quantization::new(-0.5, 0.5);
        let rounded = Some(Rounded { index: 0, quantization });
        let z = latent::shown(1, 0, &DraftPart::latent(&network.latent));
        let run = |rounded| {
            let runner = Runner::new(&network, rounded, vec![Tensor::Output(0)]);
            runner.run(std::slice::from_ref(&z)).unwrap().swap_remove(0).swap_remove(0)
        };
        for (rounded, value) in run(rounded).into_iter().zip(run(None)) {
            let nearest = quantization.real(quantization.quantize(f64::from(value)));
            assert_eq!(rounded, nearest as f32);
        }
    }
}
