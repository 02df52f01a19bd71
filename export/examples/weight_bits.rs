//! How close the pictures stay with weights of fewer than 8 bits: the study of docs/studies.md.
//!
//!     cargo run -p export --example weight_bits -- normal|uniform GEN.onnx...
//!
//! Weights are rounded to the fewer bits and then exported as ever, whose own 8 bits add little: a
//! step of 4 bits is 18 of theirs. Ranges are those of the float network.

use anyhow::{Context, Result};
use export::calibrate::calibrate;
use export::draw::Generator;
use export::import::import;
use export::latent;
use export::latent::Kind;
use export::network::fold::fold;
use export::network::range::Range;
use export::network::{Layer, Network};
use export::onnx::source::Source;
use export::picture::fidelity::{Fidelity, Pair};
use export::picture::pixel_rule::PixelRule;
use export::quantize::{Inputs, quantize};
use gen_core::element::Weight;
use gen_core::format::write::{Draft, DraftPart};
use std::path::Path;

const PICTURES: usize = 256;
const SEED: u64 = 1;

/// The scale of weights that may be so many steps, either way.
type Scale = fn(&[f64], f64) -> f64;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().and_then(|name| name.parse::<Kind>().ok());
    let kind = kind.context("say normal or uniform, then .onnx files")?;
    println!(
        "| generator | bits | layers | weights, bytes | scale | PSNR mean / worst | SSIM mean |"
    );
    println!("| --- | ---: | --- | ---: | --- | --- | ---: |");
    arguments.try_for_each(|path| study(Path::new(&path), kind.clone()))
}

fn study(path: &Path, kind: Kind) -> Result<()> {
    let mut source = Source::load(path)?;
    source.kinds.push(kind);
    let network = import(&source)?;
    let pixels = PixelRule::of(&network, None)?;
    let histograms = calibrate(&network, SEED, PICTURES, &|| ())?.outputs;
    let ranges: Vec<Range> = histograms.iter().map(Range::choose).collect();
    let mut float = Generator::onnx(&source, None)?;
    let latent = DraftPart::latent(&network.latent);
    let latents: Vec<_> = (0..PICTURES).map(|index| latent::shown(SEED, index, &latent)).collect();
    let drawn = latents.iter().map(|z| {
        let picture = float.draw(z)?;
        Ok(float.picture(&picture))
    });
    let drawn = drawn.collect::<Result<Vec<_>>>()?;

    let scales: [(&str, Scale); 2] = [("largest", largest), ("squares", squares)];
    for (bits, inner) in [(8, false), (6, false), (5, false), (4, false), (4, true)] {
        for (name, choose) in scales {
            let mut rounded = network.clone();
            let last = network.layers.len() - 1;
            let mut size = 0;
            for (index, layer) in rounded.layers.iter_mut().enumerate() {
                let fewer = !inner || (index > 0 && index < last);
                size += layer.weights.len() * if fewer { bits } else { 8 } / 8;
                if fewer {
                    round(layer, index == last, f64::from((1 << (bits - 1)) - 1), choose)?;
                }
            }
            let file = file(&source, &rounded, &ranges, pixels)?;
            let mut device = Generator::gen_file(&file)?;
            let pairs = latents.iter().zip(&drawn).map(|(z, float)| {
                let picture = device.draw(z)?;
                Ok(Pair::of(float, &device.picture(&picture)))
            });
            let fidelity = Fidelity::of(&pairs.collect::<Result<Vec<_>>>()?);
            println!(
                "| {} | {bits} | {} | {size} | {name} | {:.1} / {:.1} dB | {:.4} |",
                path.display(),
                if inner { "inner" } else { "all" },
                fidelity.psnr_mean,
                fidelity.psnr_worst,
                fidelity.ssim_mean.unwrap_or(f64::NAN)
            );
        }
    }
    Ok(())
}

/// Rounds weights to `-most..=most` steps of the scale that the exporter's own weights share: an
/// output channel's, or a feature's.
fn round(layer: &mut Layer, is_last: bool, most: f64, choose: Scale) -> Result<()> {
    let len =
        if fold(layer, is_last)?.per_feature { layer.channels_in } else { layer.channel_len() };
    for weights in layer.weights.chunks_exact_mut(len) {
        let real: Vec<f64> = weights.iter().map(|&w| f64::from(w)).collect();
        let scale = choose(&real, most);
        for (weight, &w) in weights.iter_mut().zip(&real) {
            *weight = rounded(w, scale, most) as f32;
        }
    }
    Ok(())
}

fn rounded(w: f64, scale: f64, most: f64) -> f64 {
    if scale > 0.0 { (w / scale).round().clamp(-most, most) * scale } else { 0.0 }
}

/// The scale that just holds the largest weight.
fn largest(weights: &[f64], most: f64) -> f64 {
    weights.iter().fold(0.0, |largest: f64, w| largest.max(w.abs())) / most
}

/// The scale of the least squared error, among hundredths of that.
fn squares(weights: &[f64], most: f64) -> f64 {
    let error = |scale: f64| -> f64 {
        weights.iter().map(|&w| (w - rounded(w, scale, most)).powi(2)).sum()
    };
    let scales = (20..=100).map(|i| f64::from(i) / 100.0 * largest(weights, most));
    scales.min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap_or(0.0)
}

fn file(
    source: &Source,
    network: &Network,
    ranges: &[Range],
    pixels: PixelRule,
) -> Result<Vec<u8>> {
    let latent = network.latent.clone();
    let layers = quantize(
        network,
        ranges,
        &vec![Weight::Byte; network.layers.len()],
        &[],
        pixels,
        &Inputs::default(),
    )?
    .layers;
    let name = "study".to_owned();
    let draft =
        Draft { name, source: source.sha256, latent, whole: 0, layers, directions: Vec::new() };
    Ok(draft.to_bytes()?)
}
