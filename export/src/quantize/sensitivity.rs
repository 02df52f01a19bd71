//! Sensitivity: the PSNR of pictures when only one layer's weights or output have 8 bits.

use crate::latent;
use crate::network::float::{self, Rounded};
use crate::network::fold::scaled;
use crate::network::operation::{Operation, Step};
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::parallel;
use crate::picture::pixel_rule::PixelRule;
use crate::picture::psnr::psnr;
use crate::quantize::Real;
use anyhow::Result;
use gen_core::format::write::{DraftLayer, DraftPart};
use serde::Serialize;

/// Number of calibration latents whose pictures are compared for each.
const PICTURES: usize = 16;

/// Mean PSNR of the pictures, in dB, if only a layer's weights have 8 bits, or only its output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensitivity {
    /// Name of the layer's node.
    pub layer: String,
    /// PSNR if only the weights have 8 bits.
    pub weights_db: f64,
    /// PSNR if only the output has 8 bits; `None` for the last layer, whose output are the pixels.
    pub output_db: Option<f64>,
}

/// The sensitivity of each layer of `network`, measured on calibration latents. `tensors` are the 8-bit quantisations
/// of the hidden layers' outputs, `drafts` and `reals` the layers in 8 bits.
///
/// # Errors
///
/// If a latent has the wrong length.
pub fn sensitivities(
    network: &Network,
    tensors: &[Quantization],
    (drafts, reals): (&[DraftLayer], &[Real]),
    pixels: PixelRule,
    seed: u64,
) -> Result<Vec<Sensitivity>> {
    let latent = DraftPart::latent(&network.latent);
    let latents: Vec<_> = (0..PICTURES).map(|i| latent::calibration(seed, i, &latent)).collect();
    let draw = |network: &Network, rounded| float::drawing(network, rounded, pixels)(&latents);
    let float = draw(network, None)?;
    let against = |network: &Network, rounded| -> Result<f64> {
        let drawn = draw(network, rounded)?;
        let pairs = drawn.iter().zip(&float);
        Ok(pairs.map(|(a, b)| psnr(a, b)).sum::<f64>() / PICTURES as f64)
    };
    parallel::map(network.layers.len(), |index| {
        let layer = &network.layers[index];
        let ratios = if index == 0 { latent::ratios(&network.latent) } else { vec![1.0] };
        let mut coarse = network.clone();
        coarse.layers[index] = rounded(layer, &drafts[index], &reals[index], &ratios);
        let output = |quantization: &Quantization| {
            against(network, Some(Rounded { index, quantization: *quantization }))
        };
        Ok(Sensitivity {
            layer: layer.name.clone(),
            weights_db: against(&coarse, None)?,
            output_db: tensors.get(index).map(output).transpose()?,
        })
    })
}

/// `layer` with the quantised weights of `draft` as real numbers. BatchNorm is folded into them. The `ratios` that they
/// were multiplied by, input by input, are divided out.
fn rounded(layer: &Layer, draft: &DraftLayer, real: &Real, ratios: &[f64]) -> Layer {
    let weights = scaled(layer, &draft.weights, &real.scales);
    let weights = weights.iter().zip(ratios.iter().cycle()).map(|(w, ratio)| (w / ratio) as f32);
    let bias = Operation::Affine { scale: vec![1.0], shift: real.folded.bias.clone() };
    let bias = Step { node: layer.name.clone(), operation: bias };
    let behind = layer.steps.iter().skip_while(|step| step.operation.is_affine()).cloned();
    Layer {
        weights: weights.collect(),
        steps: [bias].into_iter().chain(behind).collect(),
        ..layer.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::calibrate;
    use crate::network::fold::Folded;
    use crate::quantize::mix::Mix;
    use crate::quantize::{Inputs, quantize};
    use crate::sketch;
    use gen_core::latent::Distribution;

    /// The sensitivities to the 8-bit quantisations `tensors`, with weights that are rounded for `inputs`. The weights
    /// are quantised for tensors in `bytes`.
    fn measured(
        (network, folded): (&Network, &[Folded]),
        bytes: &[Quantization],
        tensors: &[Quantization],
        inputs: &Inputs,
    ) -> Vec<Sensitivity> {
        let pixels = PixelRule::SIGNED;
        let made = quantize(network, folded, bytes, &Mix::default(), pixels, inputs).unwrap();
        sensitivities(network, tensors, (&made.layers, &made.reals), pixels, 1).unwrap()
    }

    #[test]
    fn what_is_coarser_is_more_sensitive() {
        let network = sketch::imported(&sketch::dense_first());
        let statistics = calibrate(&network, 1, 16, &|| ()).unwrap();
        let bytes = statistics.eight_bit();
        let coarse = |fine: &Quantization| Quantization { scale: fine.scale * 16.0, ..*fine };
        let coarse: Vec<Quantization> = bytes.iter().map(coarse).collect();
        let [fine, coarse] = [&bytes, &coarse].map(|tensors| {
            measured((&network, &statistics.folded), &bytes, tensors, &Inputs::default())
        });
        assert_eq!(fine.len(), network.layers.len());
        assert_eq!(fine[fine.len() - 1].output_db, None);
        for (fine, coarse) in fine.iter().zip(&coarse) {
            assert!((35.0..100.0).contains(&fine.weights_db), "{fine:?}");
            let (Some(fine), Some(coarse)) = (fine.output_db, coarse.output_db) else { continue };
            // A step 16 times as large costs 24 dB, less if the finer step was as fine as pixels.
            assert!((12.0..30.0).contains(&(fine - coarse)), "{fine} {coarse}");
        }
    }

    /// Weights that are rounded for recorded inputs cost less than the nearest steps. The first layer's weights and
    /// those with numbers per feature keep the nearest steps.
    #[test]
    fn rounding_shows() {
        for source in sketch::all() {
            let network = sketch::imported(&source);
            let statistics = calibrate(&network, 1, 16, &|| ()).unwrap();
            let (folded, bytes) = (&statistics.folded, statistics.eight_bit());
            let inputs = Inputs::record(&network, &bytes, 1, 16, &|| ()).unwrap();
            let [nearest, rounded] = [&Inputs::default(), &inputs]
                .map(|inputs| measured((&network, folded), &bytes, &bytes, inputs));
            for (index, (nearest, rounded)) in nearest.iter().zip(&rounded).enumerate() {
                let gain = rounded.weights_db - nearest.weights_db;
                let kept = index == 0 || folded[index].per_feature;
                assert!(
                    if kept { gain == 0.0 } else { gain > 0.5 },
                    "{}: {gain} dB",
                    rounded.layer
                );
            }
        }
    }

    /// Weights on a part whose scale differs from the first part's contain a factor, which is undone for drawing.
    #[test]
    fn parts_of_a_latent_may_have_other_steps() {
        let mut network = sketch::imported(&sketch::dense_first());
        let part = |name, len, distribution| latent::part(name, len, distribution);
        network.latent =
            vec![part("a", 3, Distribution::Normal), part("b", 2, Distribution::Uniform)];
        let statistics = calibrate(&network, 1, 16, &|| ()).unwrap();
        let bytes = statistics.eight_bit();
        let all = measured((&network, &statistics.folded), &bytes, &bytes, &Inputs::default());
        assert!(all[0].weights_db > 40.0, "{all:?}");
    }
}
