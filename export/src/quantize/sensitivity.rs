//! What the pictures lose if only one thing is in 8 bits.

use crate::latent;
use crate::network::float;
use crate::network::float::Rounded;
use crate::network::fold::scaled;
use crate::network::range::Range;
use crate::network::{Layer, Network, Operation, Step};
use crate::onnx::run::Onnx;
use crate::parallel;
use crate::picture::Picture;
use crate::picture::pixel_rule::PixelRule;
use crate::picture::psnr;
use crate::quantize::Real;
use anyhow::Result;
use gen_core::format::write::{DraftLayer, DraftPart};
use serde::Serialize;

/// Pictures that are compared for each.
const PICTURES: usize = 16;

/// Mean PSNR of the pictures if only the layer's weights are in 8 bits, or only its output is, in dB.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensitivity {
    /// Name of the layer's node.
    pub layer: String,
    /// Its weights alone.
    pub weights_db: f64,
    /// Its output alone; the last layer's are the pixels themselves.
    pub output_db: Option<f64>,
}

/// The sensitivity of each layer of `network`, whose outputs have `ranges` and whose layers in integers are `drafts`
/// and `reals`, on latents of calibration.
///
/// # Errors
/// If tract can't run the network.
pub fn sensitivities(
    network: &Network,
    ranges: &[Range],
    (drafts, reals): (&[DraftLayer], &[Real]),
    pixels: PixelRule,
    seed: u64,
) -> Result<Vec<Sensitivity>> {
    let float = draw(network, None, pixels, seed)?;
    let against = |network: &Network, rounded: Option<Rounded>| -> Result<f64> {
        let drawn = draw(network, rounded, pixels, seed)?;
        let pairs = drawn.iter().zip(&float);
        Ok(pairs.map(|(a, b)| psnr::limited(a, b)).sum::<f64>() / PICTURES as f64)
    };
    let parts = parallel::split(network.layers.len(), |layers| {
        let each = layers.map(|index| {
            let layer = &network.layers[index];
            let ratios = if index == 0 { latent::ratios(&network.latent) } else { vec![1.0] };
            let mut coarse = network.clone();
            coarse.layers[index] = rounded(layer, &drafts[index], &reals[index], &ratios);
            let range = ranges.get(index);
            let output =
                range.map(|range| against(network, Some(Rounded { index, range: *range })));
            Ok(Sensitivity {
                layer: network.layers[index].name.clone(),
                weights_db: against(&coarse, None)?,
                output_db: output.transpose()?,
            })
        });
        each.collect::<Result<Vec<_>>>()
    })?;
    Ok(parts.concat())
}

fn draw(
    network: &Network,
    rounded: Option<Rounded>,
    pixels: PixelRule,
    seed: u64,
) -> Result<Vec<Picture>> {
    let [height, width, channels] = network.image();
    let last = float::output(network.layers.len() - 1);
    let onnx = Onnx::rounded(network, rounded, &[last])?;
    let latent = DraftPart::latent(&network.latent);
    let picture = |index| {
        let values = onnx.run(&latent::calibration(seed, index, &latent))?.swap_remove(0);
        let pixels = values.iter().map(|&y| pixels.pixel(f64::from(y))).collect();
        Ok(Picture { channels, height, width, pixels })
    };
    (0..PICTURES).map(picture).collect()
}

/// `layer` with the weights of `draft`, which have its BatchNorm in them and are multiplied by `ratios`,
/// input by input.
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
    use crate::import::import;
    use crate::pipeline::sketch;
    use crate::quantize::{Inputs, Quantized, quantize};
    use gen_core::element::Weight;
    use gen_core::latent::Distribution;

    #[test]
    fn what_is_coarser_is_more_sensitive() {
        let network = import(&sketch::dense_first()).unwrap();
        let seen = calibrate(&network, 1, 16, &|| ()).unwrap();
        let fine = seen.ranges();
        let coarse = |range: &Range| Range { scale: range.scale * 16.0, ..*range };
        let coarse: Vec<Range> = fine.iter().map(coarse).collect();
        let (bytes, pixels) = (vec![Weight::Byte; network.layers.len()], PixelRule::SIGNED);
        let inputs = Inputs::default();
        let quantized =
            quantize(&network, &fine, &bytes, &seen.looked_up, pixels, &inputs).unwrap();
        let quantized = (&*quantized.layers, &*quantized.reals);
        let of = |ranges: &[Range]| sensitivities(&network, ranges, quantized, pixels, 1).unwrap();
        let (fine, coarse) = (of(&fine), of(&coarse));
        assert_eq!(fine.len(), network.layers.len());
        assert_eq!(fine[fine.len() - 1].output_db, None);
        for (fine, coarse) in fine.iter().zip(&coarse) {
            assert!((35.0..100.0).contains(&fine.weights_db), "{fine:?}");
            let (Some(fine), Some(coarse)) = (fine.output_db, coarse.output_db) else { continue };
            // 16 times the step is 24 dB, but where it is as fine as pixels are.
            assert!((12.0..30.0).contains(&(fine - coarse)), "{fine} {coarse}");
        }
    }

    /// Weights that are rounded for what they give cost less than the nearest; those on the latent and those with
    /// numbers of each feature are the nearest.
    #[test]
    fn rounding_shows() {
        for source in sketch::all() {
            let network = import(&source).unwrap();
            let seen = calibrate(&network, 1, 16, &|| ()).unwrap();
            let ranges = seen.ranges();
            let (bytes, pixels) = (vec![Weight::Byte; network.layers.len()], PixelRule::SIGNED);
            let quantized = |inputs: &Inputs| {
                quantize(&network, &ranges, &bytes, &seen.looked_up, pixels, inputs).unwrap()
            };
            let of = |made: &Quantized| {
                let made = (&*made.layers, &*made.reals);
                sensitivities(&network, &ranges, made, pixels, 1).unwrap()
            };
            let inputs = Inputs::see(&network, &ranges, 1, 16, &|| ()).unwrap();
            let (nearest, rounded) = (quantized(&Inputs::default()), quantized(&inputs));
            let pairs = of(&nearest).into_iter().zip(of(&rounded));
            for (index, (nearest, other)) in pairs.enumerate() {
                let gain = other.weights_db - nearest.weights_db;
                let kept = index == 0 || rounded.layers[index].per_feature;
                assert!(if kept { gain == 0.0 } else { gain > 0.5 }, "{}: {gain} dB", other.layer);
            }
        }
    }

    /// Weights on a part of other steps than the first are multiplied for these, and drawn without.
    #[test]
    fn parts_of_a_latent_may_have_other_steps() {
        let mut network = import(&sketch::dense_first()).unwrap();
        let part = |name, len, distribution| latent::part(name, len, distribution);
        network.latent =
            vec![part("a", 3, Distribution::Normal), part("b", 2, Distribution::Uniform)];
        let seen = calibrate(&network, 1, 16, &|| ()).unwrap();
        let ranges = seen.ranges();
        let (bytes, pixels) = (vec![Weight::Byte; network.layers.len()], PixelRule::SIGNED);
        let made = quantize(&network, &ranges, &bytes, &seen.looked_up, pixels, &Inputs::default());
        let Quantized { layers, reals } = made.unwrap();
        let all = sensitivities(&network, &ranges, (&layers, &reals), pixels, 1).unwrap();
        assert!(all[0].weights_db > 40.0, "{all:?}");
    }
}
