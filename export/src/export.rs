//! From an ONNX file to everything that `quantize` writes.

use crate::calibrate::calibrate;
use crate::classifier::Classifier;
use crate::comparison::Comparison;
use crate::equalize::equalize;
use crate::fidelity::{Fidelity, Pair, worst_first};
use crate::import::import;
use crate::latents::Kind;
use crate::load::Source;
use crate::mix::{self, Goal, Mix, Outcome};
use crate::network::Network;
use crate::picture::Picture;
use crate::pixels::PixelRule;
use crate::quantize::{Inputs, Quantized, Real, quantize};
use crate::range::Range;
use crate::report::{EightBits, Layout, Report, Settings, TableReport, TensorReport, Worst};
use crate::sensitivity::sensitivities;
use crate::verify::verify;
use crate::{latents, plans, times, twin};
use anyhow::{Context, Result, anyhow, ensure};
use gen_core::Model;
use gen_core::element::Element;
use gen_core::format::write::{Draft, WriteError};
use gen_core::format::{FormatError, MODEL_NAME};
use std::path::{Path, PathBuf};

/// From a channel's largest values in 256 pictures to those of all: less cuts more off, more is coarser
/// (docs/studies.md, `cargo run -p export --example headroom`).
const HEADROOM: f64 = 1.2;

/// Most latents that weights are rounded for: their maps are all held at once.
const ROUNDED_FOR: usize = 256;

/// How many mixes of a network of five layers are drawn at most.
const DRAWN_BY_SEARCH: usize = 18;

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
    /// Bits of all tensors between the layers: 8, or 12 without a goal.
    pub activations: u8,
    /// Bits of all weights, likewise.
    pub weights: u8,
    /// What some weights and tensors are given 12 bits for. PSNR is that of the comparison.
    pub goal: Goal,
    /// Which label of a conditional generator is drawn.
    pub label: Option<usize>,
    /// A network by whose features pictures are compared too: [`Classifier::load`].
    pub classifier: Option<PathBuf>,
    /// Whether [`Export::qdq`] is wanted.
    pub qdq: bool,
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
            weights: 8,
            goal: Goal::default(),
            label: None,
            classifier: None,
            qdq: false,
            ram_budget: None,
        }
    }
}

impl Options {
    /// How often [`export`] calls `done` at most; with a goal, of a network of five layers.
    pub fn pictures(&self) -> usize {
        4 * self.calibrate
            + self.calibrate.min(ROUNDED_FOR)
            + (2 + if self.goal.is_some() { DRAWN_BY_SEARCH } else { 0 }) * self.compare
            + self.classifier.as_ref().map_or(0, |_| 4 * self.compare)
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
    /// The same between QuantizeLinear and DequantizeLinear, if that was asked for.
    pub qdq: Option<Vec<u8>>,
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
        options.classifier.is_none() || options.compare > 1,
        "distances between distributions need more than one picture"
    );
    for (what, bits) in [("activations", options.activations), ("weights", options.weights)] {
        let possible = bits == 8 || bits == 12 && !options.goal.is_some();
        ensure!(
            possible,
            "{what} of {bits} bits: 8 are possible, and 12 where no goal is to be reached"
        );
    }
    let name = options.name(path)?;
    let mut source = Source::load(path)?;
    source.label = options.label;
    source.kinds.clone_from(&options.kinds);
    let network = import(&source)?;
    let file = || path.display().to_string();
    let pixels = PixelRule::of(&network, options.pixels).with_context(file)?;
    let seed = options.seed;
    let classifier = options.classifier.as_deref();
    let classifier =
        classifier.map(|it| Classifier::load(it, network.image(), pixels)).transpose()?;

    let mut seen = calibrate(&network, seed, options.calibrate, done).with_context(file)?;
    let ranges = seen.ranges();
    let mut equal = network.clone();
    if equalize(&mut equal, &ranges, &seen.limits, options.headroom) {
        seen = calibrate(&equal, seed, options.calibrate, done).with_context(file)?;
    }
    let wide: Vec<Range> = seen.limits.iter().map(Range::wide).collect();
    let layers = network.layers.len();
    let inputs = Inputs::see(&equal, &ranges, seed, options.calibrate.min(ROUNDED_FOR), done)
        .with_context(file)?;
    let comparison = Comparison::new(&source, options.pixels, (seed, options.compare), done)?;
    let make = |mix: &Mix| -> Result<Made> {
        let weights = mix.weights(layers);
        let ranges = mix.ranges(&ranges, &wide);
        let Quantized { layers, reals } =
            quantize(&equal, &ranges, &weights, &seen.looked_up, pixels, &inputs)?;
        let mut draft = Draft {
            name: name.clone(),
            source: source.sha256,
            latent: latents::short(&network.latent),
            whole: 0,
            layers,
            directions: Vec::new(),
        };
        let mut gen_file = to_bytes(&draft, &network)?;
        if let Some(budget) = options.ram_budget {
            draft.whole = plans::choose(&Model::parse(&gen_file)?, budget)?.whole;
            gen_file = to_bytes(&draft, &network)?;
        }
        Ok(Made { draft, reals, gen_file })
    };
    let draw = |made: Made| -> Result<Drawn> {
        let pictures = comparison.draw(&made.gen_file, done)?;
        let pairs = comparison.pairs(&pictures)?;
        Ok(Drawn { fidelity: Fidelity::of(&pairs), pictures, pairs, made })
    };

    let bytes = make(&Mix::default()).with_context(file);
    let sensitivities = match &bytes {
        Ok(Made { draft, reals, .. }) => {
            sensitivities(&equal, &ranges, (&draft.layers, reals), pixels, seed)
                .with_context(file)?
        }
        // 12 bits may do where 8 can't.
        Err(_) => Vec::new(),
    };
    let mut mix = Mix::whole(layers, options.activations == 12, options.weights == 12);
    let made = if mix == Mix::default() { bytes } else { make(&mix).with_context(file) };
    let mut drawn = draw(made?)?;
    let mut eight_bits = None;
    if options.goal.is_some() {
        let parts = {
            let model = Model::parse(&drawn.made.gen_file)?;
            eight_bits = Some(EightBits::new(&model, drawn.flash(), drawn.psnr())?);
            mix::candidates(&model, drawn.flash(), &sensitivities)
        };
        let mut refused = None;
        let mut try_out = |mix: &Mix| match make(mix) {
            Ok(made) => draw(made).map(Some),
            Err(why) => {
                refused = Some(why);
                Ok(None)
            }
        };
        let found = mix::search(options.goal, &parts, drawn, &mut try_out);
        (mix, drawn) = found.map_err(|error| match refused {
            Some(why) => anyhow!("{}: {error:#}; not every mix can be had: {why:#}", file()),
            None => error.context(file()),
        })?;
    }
    let Drawn { made: Made { draft, reals, gen_file }, pictures, pairs, fidelity } = drawn;
    let onnx = twin::encode(&draft, &network, pixels).with_context(file)?;
    let qdq = options.qdq.then(|| twin::qdq::encode(&draft, &reals, &network, pixels));
    let mut worst = worst_first(&pairs);
    worst.truncate(WORST);
    let sheet = comparison.sheet(&pictures, &worst)?;
    let frechet = classifier.map(|classifier| {
        let others = (seed.wrapping_add(options.compare as u64), options.compare);
        let others = Comparison::new(&source, options.pixels, others, done)?;
        comparison.frechet(&pictures, &others, &classifier, done)
    });
    let frechet = frechet.transpose()?;

    let tensors = network.layers.iter().zip(mix.ranges(&ranges, &wide)).zip(&seen.outputs);
    let tensors = tensors
        .map(|((layer, range), histogram)| {
            TensorReport::new(layer, range, range.quality(histogram))
        })
        .collect();
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
            weight_bits: options.weights,
            goal: options.goal,
            seed,
        },
        tensors,
        sensitivities,
        times: times::times(&Model::parse(&gen_file)?)?,
        eight_bits,
        tables: network.layers.iter().zip(&draft.layers).filter_map(TableReport::new).collect(),
        worst_seed: seed.wrapping_add(fidelity.worst as u64),
        worst: worst
            .into_iter()
            .map(|it| Worst { seed: seed.wrapping_add(it as u64), psnr: pairs[it].psnr() })
            .collect(),
        fidelity,
        frechet,
    };
    Ok(Export { name, gen_file, onnx, qdq, worst: sheet, report })
}

/// A quantised network.
struct Made {
    draft: Draft,
    reals: Vec<Real>,
    gen_file: Vec<u8>,
}

/// What it draws.
struct Drawn {
    made: Made,
    pictures: Vec<Picture>,
    pairs: Vec<Pair>,
    fidelity: Fidelity,
}

impl Outcome for Drawn {
    fn psnr(&self) -> f64 {
        self.fidelity.psnr_mean
    }

    fn flash(&self) -> usize {
        self.made.gen_file.len()
    }
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
                FormatError::Convolution { layer, .. }
                | FormatError::Activation { layer, .. }
                | FormatError::PerFeature { layer, .. }
                | FormatError::Element { layer, .. }
                | FormatError::Weight { layer, .. }
                | FormatError::Pixels { layer, .. }
                | FormatError::Dimension { layer }
                | FormatError::Table { layer, .. }
                | FormatError::Constant { layer, .. }
                | FormatError::Accumulator { layer },
            ) => network.layers.get(*layer),
            _ => None,
        };
        let too_wide = |index: &usize| index.checked_sub(1).map(|it| draft.layers[it].element);
        let remedy = match &error {
            WriteError::Invalid(FormatError::Accumulator { layer })
                if too_wide(layer).is_some_and(Element::is_wide) =>
            {
                ": its sums of 12-bit inputs and 8-bit weights could; give its weights 12 bits too, or its inputs 8"
            }
            _ => "",
        };
        let error = anyhow!("{error}{remedy}");
        match layer {
            Some(layer) => error.context(format!("node \"{}\"", layer.name)),
            None => error,
        }
    })
}

#[cfg(test)]
mod tests;
