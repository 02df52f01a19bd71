//! From an ONNX file to everything that `quantize` writes.

use crate::calibrate::calibrate;
use crate::equalize::equalize;
use crate::fidelity::{Fidelity, Pair};
use crate::generator::Generator;
use crate::import::import;
use crate::latents::Kind;
use crate::load::Source;
use crate::network::Network;
use crate::picture::Picture;
use crate::pixels::PixelRule;
use crate::quantize::quantize;
use crate::range::Range;
use crate::report::{Layout, Report, Settings, TableReport, TensorReport};
use crate::sensitivity::sensitivities;
use crate::verify::verify;
use crate::{latents, parallel, plans, sheet, twin};
use anyhow::{Context, Result, ensure};
use gen_core::Model;
use gen_core::format::write::{Draft, DraftPart, WriteError};
use gen_core::format::{FormatError, MODEL_NAME};
use std::path::Path;

/// From a channel's largest values in 256 pictures to those of all: less cuts more off, more is coarser
/// (docs/studies.md, `cargo run -p export --example headroom`).
const HEADROOM: f64 = 1.2;

/// Pictures of the sheet of the worst.
const WORST: usize = 8;

/// How to export.
#[derive(Clone, Debug)]
pub struct Options {
    /// The model's name; without one, the file's.
    pub name: Option<String>,
    /// What latents are drawn from, as far as somebody says so: else from N(0, 1).
    pub kinds: Vec<Kind>,
    /// The pixel rule, where the last layer doesn't tell it.
    pub pixels: Option<PixelRule>,
    /// Latents to choose the ranges on, at least 1.
    pub calibrate: usize,
    /// Latents to compare the pictures on, at least 1; none of those above.
    pub compare: usize,
    /// Seed of both.
    pub seed: u64,
    /// How much farther than what was seen of it each channel of a tensor must reach, at least 1; 0 for
    /// tensors that all channels reach alike.
    pub headroom: f64,
    /// Bits of the tensors between the layers; 8, so far.
    pub activations: u8,
    /// Which label of a conditional generator is drawn.
    pub label: Option<usize>,
    /// Bytes of working memory that the engine may take; without it, every layer goes row by row.
    pub ram_budget: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: None,
            kinds: Vec::new(),
            pixels: None,
            calibrate: 256,
            compare: 256,
            seed: 1,
            headroom: HEADROOM,
            activations: 8,
            label: None,
            ram_budget: None,
        }
    }
}

impl Options {
    /// How often [`export`] calls `done` at most.
    pub fn pictures(&self) -> usize {
        4 * self.calibrate + self.compare
    }

    /// The name of the model at `path`, which is also its files'.
    ///
    /// # Errors
    /// If it doesn't fit a `.gen` file or isn't a file's name.
    pub fn name(&self, path: &Path) -> Result<String> {
        let name = self.name.clone().unwrap_or_else(|| stem(path));
        let fits = (1..=MODEL_NAME).contains(&name.len()) && !name.contains(['/', '\\', '\0']);
        ensure!(
            fits,
            "\"{name}\" is no name for a model: give one of 1 to {MODEL_NAME} bytes with --name"
        );
        Ok(name)
    }
}

/// An exported generator.
#[derive(Clone, Debug)]
pub struct Export {
    /// The model's name.
    pub name: String,
    /// The `.gen` file.
    pub gen_file: Vec<u8>,
    /// The quantised ONNX file.
    pub onnx: Vec<u8>,
    /// A PNG of the worst pictures compared, the worst first: in float, of the `.gen`, and their difference
    /// eight times as large.
    pub worst: Vec<u8>,
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
    ensure!(
        options.activations == 8,
        "activations of {} bits: 8 are possible",
        options.activations
    );
    let name = options.name(path)?;
    let mut source = Source::load(path)?;
    source.label = options.label;
    source.kinds.clone_from(&options.kinds);
    let network = import(&source)?;
    let file = || path.display().to_string();
    let pixels = PixelRule::of(&network, options.pixels).with_context(file)?;
    let seed = options.seed;

    let mut seen = calibrate(&network, seed, options.calibrate, done)?;
    let ranges: Vec<Range> = seen.outputs.iter().map(Range::choose).collect();
    let mut equal = network.clone();
    if equalize(&mut equal, &ranges, &seen.limits, options.headroom) {
        seen = calibrate(&equal, seed, options.calibrate, done)?;
    }
    let histograms = seen.outputs;
    let tensors = network.layers.iter().zip(&ranges).zip(&histograms);
    let tensors = tensors
        .map(|((layer, range), histogram)| {
            TensorReport::new(layer, *range, range.quality(histogram))
        })
        .collect();

    let layers = quantize(&equal, &ranges, &seen.looked_up, pixels).with_context(file)?;
    let mut draft = Draft {
        name: name.clone(),
        source: source.sha256,
        latent: latents::short(&network.latent),
        whole: 0,
        layers,
        directions: Vec::new(),
    };
    let mut gen_file = to_bytes(&draft, &network).with_context(file)?;
    if let Some(budget) = options.ram_budget {
        draft.whole = plans::choose(&Model::parse(&gen_file)?, budget).with_context(file)?.whole;
        gen_file = to_bytes(&draft, &network).with_context(file)?;
    }
    let onnx = twin::encode(&draft, &network, pixels).with_context(file)?;

    let (fidelity, worst) = compare(&source, &gen_file, options, done)?;
    let report = Report {
        import: verify(&source, &network),
        layout: Layout::new(&Model::parse(&gen_file)?, gen_file.len(), Some(&network)),
        settings: Settings {
            pixels: [pixels.low, pixels.high],
            calibration_latents: options.calibrate,
            label: options.label,
            ram_budget: options.ram_budget,
            headroom: options.headroom,
            activation_bits: options.activations,
            seed,
        },
        tensors,
        sensitivities: sensitivities(&equal, &ranges, pixels, seed)?,
        tables: network.layers.iter().zip(&draft.layers).filter_map(TableReport::new).collect(),
        worst_seed: seed.wrapping_add(fidelity.worst as u64),
        fidelity,
    };
    Ok(Export { name, gen_file, onnx, worst, report })
}

/// The name of the file at `path` without its extension.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The `.gen` file of `draft`, made from `network`.
///
/// # Errors
/// Naming the node whose layer doesn't fit.
pub(crate) fn to_bytes(draft: &Draft, network: &Network) -> Result<Vec<u8>> {
    draft.to_bytes().map_err(|error| {
        let layer = match &error {
            WriteError::Count { layer, .. }
            | WriteError::Invalid(
                FormatError::Code { layer, .. }
                | FormatError::Dimension { layer }
                | FormatError::Table { layer, .. }
                | FormatError::Constant { layer, .. }
                | FormatError::Accumulator { layer },
            ) => network.layers.get(*layer),
            _ => None,
        };
        let error = anyhow::Error::new(error);
        match layer {
            Some(layer) => error.context(format!("node \"{}\"", layer.name)),
            None => error,
        }
    })
}

/// The pictures of `gen_file` against those of the float network, and a sheet of the worst.
fn compare(
    source: &Source,
    gen_file: &[u8],
    options: &Options,
    done: &(dyn Fn() + Sync),
) -> Result<(Fidelity, Vec<u8>)> {
    let parts = parallel::split(options.compare, |range| {
        let mut both = Both::new(source, gen_file, options)?;
        let mut pairs = Vec::new();
        for index in range {
            let [float, device] = both.pictures(index)?;
            pairs.push(Pair::of(&float, &device));
            done();
        }
        Ok(pairs)
    })?;
    let pairs = parts.concat();
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|a, b| pairs[*a].psnr().total_cmp(&pairs[*b].psnr()));
    let mut both = Both::new(source, gen_file, options)?;
    let mut worst = Vec::new();
    for &index in order.iter().take(WORST) {
        let [float, device] = both.pictures(index)?;
        let difference = float.difference(&device, 8);
        worst.extend([float, device, difference]);
    }
    Ok((Fidelity::of(&pairs), sheet::rows(&worst, 6)?))
}

/// The float network and the `.gen`, on the same latents.
struct Both<'a> {
    float: Generator<'a>,
    device: Generator<'a>,
    seed: u64,
}

impl<'a> Both<'a> {
    fn new(source: &Source, gen_file: &'a [u8], options: &Options) -> Result<Self> {
        let float = Generator::onnx(source, options.pixels)?;
        Ok(Self { float, device: Generator::gen_file(gen_file)?, seed: options.seed })
    }

    /// The pictures of latent `index`.
    fn pictures(&mut self, index: usize) -> Result<[Picture; 2]> {
        let z = latents::shown(self.seed, index, &DraftPart::latent(&self.float.latent));
        let (a, b) = (self.float.draw(&z)?, self.device.draw(&z)?);
        Ok([self.float.picture(&a), self.device.picture(&b)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::File;
    use crate::graph::float;
    use crate::sketch::Sketch;
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
            assert_eq!((&first.gen_file, &first.onnx), (&again.gen_file, &again.onnx));
            assert!(count.into_inner() <= options.pictures());

            let model = Model::parse(&first.gen_file).unwrap();
            let layout = &first.report.layout;
            assert_eq!(layout.working_memory_bytes, model.working_memory());
            assert_eq!(layout.flash_bytes, first.gen_file.len());
            assert_eq!((model.name(), layout.name.as_str()), ("sketch", "sketch"));
            assert_eq!(model.source(), &Source::load(&path).unwrap().sha256);
            for table in &first.report.tables {
                assert!(table.layer.starts_with("net/") && table.entries == 4096, "{table:?}");
            }

            // What inspect says of the ONNX is what came out.
            let expected = inspect::inspect(&File::load(&path).unwrap()).unwrap();
            assert_eq!(
                serde_json::to_value(expected).unwrap(),
                serde_json::to_value(layout).unwrap()
            );
        }
    }

    #[test]
    fn dead_tensors_are_exported_exactly() {
        let directory = tempfile::tempdir().unwrap();
        let path = written(directory.path(), &sketch::dead());
        let options = Options { calibrate: 8, compare: 4, ..Options::default() };
        let report = export(&path, &options, &|| ()).unwrap().report;
        assert!(report.fidelity.largest_difference <= 1, "{:?}", report.fidelity);
        assert_eq!((report.tensors[0].zero_point, report.tensors[0].saturated), (0, 0.0));
        let tables: Vec<_> = report.tables.iter().map(|it| (it.function, it.entries)).collect();
        assert_eq!(tables, [("Tanh", 4096)]);
    }

    #[test]
    fn one_sided_clips_are_exported_with_a_rule_only() {
        let directory = tempfile::tempdir().unwrap();
        let start = Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 12], vec![]);
        let clipped = start.then("Clip", &[], vec![float("min", 0.0)]).finish();
        let path = written(directory.path(), &clipped);
        let options = Options { calibrate: 8, compare: 4, ..Options::default() };
        let error = format!("{:#}", export(&path, &options, &|| ()).unwrap_err());
        assert!(
            error.contains("sketch.onnx: the pictures end in Relu, node \"net/Clip"),
            "{error}"
        );
        let options = Options { pixels: Some(PixelRule::UNIT), ..options };
        let report = export(&path, &options, &|| ()).unwrap().report;
        assert_eq!(report.settings.pixels, [0.0, 1.0]);
        let fidelity = report.fidelity;
        assert!((30.0..100.0).contains(&fidelity.psnr_mean), "{fidelity:?}");
    }

    #[test]
    fn layers_too_large_are_refused_by_node() {
        let directory = tempfile::tempdir().unwrap();
        let mut sketch = Sketch::new(&[9000]);
        let weights = sketch.constant(&[9000, 3], 0.01);
        let sketch = sketch.then("MatMul", &[&weights], vec![]).reshape(&[-1, 3, 1, 1]);
        let path = written(directory.path(), &sketch.finish());
        let error = inspect::inspect(&File::load(&path).unwrap()).unwrap_err();
        let error = format!("{error:#}");
        assert!(
            error.contains("sketch.onnx: node \"net/MatMul2\": layer 0: so many products"),
            "{error}"
        );
    }

    #[test]
    fn inspect_shows_names_that_are_too_long_to_export() {
        let directory = tempfile::tempdir().unwrap();
        let name = "a name that is longer than 32 bytes";
        let path = directory.path().join(format!("{name}.onnx"));
        std::fs::write(&path, sketch::dense_first().proto.encode_to_vec()).unwrap();
        assert_eq!(inspect::inspect(&File::load(&path).unwrap()).unwrap().name, name);
        assert!(Options::default().name(&path).is_err());
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
        refused(Options { activations: 4, ..Options::default() }, "activations of 4 bits");
    }
}
