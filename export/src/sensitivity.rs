//! What the pictures lose if only one thing is in 8 bits.

use crate::float::{self, Rounded};
use crate::fold::fold;
use crate::latents;
use crate::network::{Layer, Network};
use crate::parallel;
use crate::picture::Picture;
use crate::pixels::PixelRule;
use crate::psnr;
use crate::range::Range;
use crate::runner::Onnx;
use anyhow::Result;
use gen_core::format::write::DraftPart;
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

/// The sensitivity of each layer, whose outputs have `ranges`, on latents of calibration.
///
/// # Errors
/// If tract can't run the network.
pub fn sensitivities(
    network: &Network,
    ranges: &[Range],
    pixels: PixelRule,
    seed: u64,
) -> Result<Vec<Sensitivity>> {
    let float = draw(network, None, pixels, seed)?;
    let against = |network: &Network, rounded: Option<Rounded>| -> Result<f64> {
        let drawn = draw(network, rounded, pixels, seed)?;
        let pairs = drawn.iter().zip(&float);
        Ok(pairs.map(|(a, b)| psnr::limited(a, b)).sum::<f64>() / PICTURES as f64)
    };
    let last = network.layers.len() - 1;
    let parts = parallel::split(network.layers.len(), |layers| {
        let each = layers.map(|index| {
            let mut rounded = network.clone();
            let parts = if index == 0 { &network.latent[..] } else { &[] };
            round_weights(&mut rounded.layers[index], index == last, &latents::ratios(parts))?;
            let range = ranges.get(index);
            let output =
                range.map(|range| against(network, Some(Rounded { index, range: *range })));
            Ok(Sensitivity {
                layer: network.layers[index].name.clone(),
                weights_db: against(&rounded, None)?,
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
        let values = onnx.run(&latents::calibration(seed, index, &latent))?.swap_remove(0);
        let pixels = values.iter().map(|&y| pixels.pixel(f64::from(y))).collect();
        Ok(Picture { channels, height, width, pixels })
    };
    (0..PICTURES).map(picture).collect()
}

/// Rounds weights as [`quantize`](mod@crate::quantize) begins: to the nearest of ±127 steps for each channel, or
/// feature, those on the latent after they are multiplied by `ratios`. (Numbers behind the layer and the floor of
/// scales are not in: the first change nothing about the steps, and the second only dead channels.)
fn round_weights(layer: &mut Layer, is_last: bool, ratios: &[f64]) -> Result<()> {
    let len =
        if fold(layer, is_last)?.per_feature { layer.channels_in } else { layer.channel_len() };
    for weights in layer.weights.chunks_exact_mut(len) {
        let ratio = |input: usize| match ratios {
            [] => 1.0,
            ratios => ratios[input % ratios.len()],
        };
        let scaled = weights.iter().enumerate().map(|(i, w)| (f64::from(*w) * ratio(i)).abs());
        let step = scaled.fold(0.0, f64::max) / 127.0;
        for (input, weight) in weights.iter_mut().enumerate().filter(|_| step > 0.0) {
            let steps = (f64::from(*weight) * ratio(input) / step).round();
            *weight = (steps * step / ratio(input)) as f32;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::calibrate;
    use crate::import::import;
    use crate::sketch;

    #[test]
    fn what_is_coarser_is_more_sensitive() {
        let network = import(&sketch::dense_first()).unwrap();
        let seen = calibrate(&network, 1, 16, &|| ()).unwrap();
        let fine: Vec<Range> = seen.outputs.iter().map(Range::choose).collect();
        let coarse = |range: &Range| Range { scale: range.scale * 16.0, ..*range };
        let coarse: Vec<Range> = fine.iter().map(coarse).collect();
        let of = |ranges: &[Range]| sensitivities(&network, ranges, PixelRule::SIGNED, 1).unwrap();
        let (fine, coarse) = (of(&fine), of(&coarse));
        assert_eq!(fine.len(), network.layers.len());
        assert_eq!(fine[fine.len() - 1].output_db, None);
        for (fine, coarse) in fine.iter().zip(&coarse) {
            assert_eq!(fine.weights_db, coarse.weights_db);
            assert!((35.0..100.0).contains(&fine.weights_db), "{fine:?}");
            let (Some(fine), Some(coarse)) = (fine.output_db, coarse.output_db) else { continue };
            // 16 times the step is 24 dB, but where it is as fine as pixels are.
            assert!((12.0..30.0).contains(&(fine - coarse)), "{fine} {coarse}");
        }
    }
}
