//! From an ONNX file to everything that `quantize` writes.

use crate::calibrate::calibrate;
use crate::fidelity::{Fidelity, Pair};
use crate::generator::{Generator, Hints};
use crate::import::import;
use crate::load::Source;
use crate::pixels::PixelRule;
use crate::quantize::{latent_scale, quantize};
use crate::range::Range;
use crate::report::{Layout, Report, Settings, TensorReport};
use crate::{latents, parallel, twin};
use anyhow::{Context, Result, ensure};
use gen_core::Model;
use gen_core::format::write::Draft;
use gen_core::latent::Distribution;
use gen_core::model::Latent;
use std::path::Path;

/// How to export.
#[derive(Clone, Debug)]
pub struct Options {
    /// The model's name; without one, the file's.
    pub name: Option<String>,
    /// What the generator was trained on.
    pub distribution: Distribution,
    /// The pixel rule, where the last layer doesn't tell it.
    pub pixels: Option<PixelRule>,
    /// Latents to choose the ranges on, at least 1.
    pub calibrate: usize,
    /// Latents to compare the pictures on, at least 1; none of those above.
    pub compare: usize,
    /// Seed of both.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: None,
            distribution: Distribution::Normal,
            pixels: None,
            calibrate: 256,
            compare: 256,
            seed: 1,
        }
    }
}

impl Options {
    /// How often [`export`] calls `done`.
    pub fn pictures(&self) -> usize {
        2 * self.calibrate + self.compare
    }
}

/// An exported generator.
#[derive(Clone, Debug)]
pub struct Export {
    /// The model's name.
    pub name: String,
    /// The `.gen` file.
    pub device: Vec<u8>,
    /// The quantised ONNX file.
    pub onnx: Vec<u8>,
    /// What came of it.
    pub report: Report,
}

/// Exports the ONNX at `path`. `done` is called after every picture drawn; the same input and
/// options give the same bytes.
///
/// # Errors
/// In one line: what can't be read, converted or quantised, and what to do.
pub fn export(path: &Path, options: &Options, done: &(dyn Fn() + Sync)) -> Result<Export> {
    ensure!(options.calibrate > 0 && options.compare > 0, "at least one latent is needed");
    let source = Source::load(path)?;
    let network = import(&source)?;
    let name = name(path, options)?;
    let pixels = PixelRule::of(&network, options.pixels)?;
    let (distribution, seed) = (options.distribution, options.seed);

    let histograms = calibrate(&source, &network, distribution, seed, options.calibrate, done)?;
    let ranges: Vec<Range> = histograms.iter().map(Range::choose).collect();
    let tensors = network.layers.iter().zip(&ranges).zip(&histograms);
    let tensors = tensors
        .map(|((layer, range), histogram)| {
            TensorReport::new(layer, *range, range.quality(histogram))
        })
        .collect();

    let scale = latent_scale(distribution);
    let layers =
        quantize(&network, scale, &ranges, pixels).with_context(|| path.display().to_string())?;
    let latent = Latent { len: network.latent_len(), distribution, scale };
    let draft =
        Draft { name: name.clone(), source: source.sha256, latent, layers, directions: Vec::new() };
    let device = draft.to_bytes().with_context(|| path.display().to_string())?;
    let onnx =
        twin::encode(&draft, &network, pixels).with_context(|| path.display().to_string())?;

    let hints = Hints { distribution: Some(distribution), pixels: options.pixels };
    let fidelity = compare(&source, hints, &device, options, done)?;
    let names: Vec<String> = network.layers.iter().map(|layer| layer.name.clone()).collect();
    let report = Report {
        layout: Layout::new(&Model::parse(&device)?, device.len(), &names),
        settings: Settings {
            latent: latents::name(distribution),
            latent_scale: scale,
            pixels: [pixels.low, pixels.high],
            calibration_latents: options.calibrate,
            seed,
        },
        tensors,
        worst_seed: seed.wrapping_add(fidelity.worst as u64),
        fidelity,
    };
    Ok(Export { name, device, onnx, report })
}

/// The model's name, which is also its files'.
fn name(path: &Path, options: &Options) -> Result<String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = options.name.clone().unwrap_or(stem);
    let fits = (1..=32).contains(&name.len()) && !name.contains(['/', '\\', '\0']);
    ensure!(fits, "\"{name}\" is no name for a model: give one of 1 to 32 bytes with --name");
    Ok(name)
}

/// The pictures of `device` against those of the float network.
fn compare(
    source: &Source,
    hints: Hints,
    device: &[u8],
    options: &Options,
    done: &(dyn Fn() + Sync),
) -> Result<Fidelity> {
    let parts = parallel::split(options.compare, |range| {
        let mut float = Generator::onnx(source, hints)?;
        let mut device = Generator::device(device)?;
        let mut pairs = Vec::new();
        for index in range {
            let z = latents::shown(options.seed, index, options.distribution, float.latent_len);
            let (a, b) = (float.draw(&z)?, device.draw(&z)?);
            pairs.push(Pair::of(&float.picture(&a), &device.picture(&b)));
            done();
        }
        Ok(pairs)
    })?;
    Ok(Fidelity::of(&parts.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::File;
    use crate::{inspect, sketch};
    use prost::Message;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn written(directory: &Path, source: &Source) -> std::path::PathBuf {
        let path = directory.join("sketch.onnx");
        std::fs::write(&path, source.proto.encode_to_vec()).unwrap();
        path
    }

    #[test]
    fn exports_are_complete_repeatable_and_reported() {
        let directory = tempfile::tempdir().unwrap();
        for source in sketch::all() {
            let path = written(directory.path(), &source);
            let options = Options { calibrate: 8, compare: 4, ..Options::default() };
            let count = AtomicUsize::new(0);
            let counted = || {
                count.fetch_add(1, Ordering::Relaxed);
            };
            let first = export(&path, &options, &counted).unwrap();
            let again = export(&path, &options, &|| ()).unwrap();
            assert_eq!((&first.device, &first.onnx), (&again.device, &again.onnx));
            assert!(count.into_inner() <= options.pictures());

            let model = Model::parse(&first.device).unwrap();
            let layout = &first.report.layout;
            assert_eq!(layout.working_memory_bytes, model.working_memory());
            assert_eq!(layout.flash_bytes, first.device.len());
            assert_eq!((model.name(), layout.name.as_str()), ("sketch", "sketch"));
            assert_eq!(model.source(), &Source::load(&path).unwrap().sha256);

            // What inspect says of the ONNX is what came out.
            let expected = inspect::inspect(&File::load(&path).unwrap()).unwrap();
            assert_eq!(
                serde_json::to_value(expected).unwrap(),
                serde_json::to_value(layout).unwrap()
            );
        }
    }

    #[test]
    fn names_and_pixel_rules_that_do_not_fit_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = written(directory.path(), &sketch::dense_first());
        let refused = |options: Options, expected: &str| {
            let error = format!("{:#}", export(&path, &options, &|| ()).unwrap_err());
            assert!(error.contains(expected), "{error}");
        };
        for name in ["", "a/b", "a name that is longer than 32 bytes"] {
            let name = Some(name.to_owned());
            refused(Options { name, ..Options::default() }, "is no name for a model");
        }
        let pixels = Some(PixelRule::UNIT);
        refused(Options { pixels, ..Options::default() }, "end in Tanh");
        refused(Options { calibrate: 0, ..Options::default() }, "at least one latent");
    }
}
