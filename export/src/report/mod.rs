//! What came of an export: as data, as JSON, and as text.
//!
//! - [`layout`]: sizes, layer by layer; [`text`]: the tables that people read
//! - [`inspect`](mod@inspect): the layout without quantising anything
//! - [`gen_file`]: the bytes of the file itself

pub mod gen_file;
pub mod inspect;
pub mod layout;
pub mod plans;
pub mod text;
pub mod verdict;

use crate::calibrate::histogram::Histogram;
use crate::calibrate::range::quality;
use crate::draw::classifier::Frechet;
use crate::import::verify::Check;
use crate::network::operation::Operation;
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::picture::fidelity::Fidelity;
use crate::quantize::mix::Goal;
use crate::quantize::sensitivity::Sensitivity;
use anyhow::Result;
use boards::{CoreTime, usual_times};
use gen_core::Model;
use gen_core::format::write::{DraftActivation, DraftLayer};
use layout::Layout;
use serde::Serialize;

/// Everything worth knowing about an exported generator.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Sizes, layer by layer.
    pub layout: Layout,
    /// Whether the file itself, run by tract, draws what was imported.
    pub import: Check,
    /// What the export was done with.
    pub settings: Settings,
    /// The quantised tensors between the layers, in order.
    pub tensors: Vec<TensorReport>,
    /// What each layer costs the pictures in 8 bits, or nothing where these can't be had.
    pub sensitivities: Vec<Sensitivity>,
    /// How long a picture takes on some cores.
    pub times: Vec<CoreTime>,
    /// With a goal, what 8 bits throughout come to.
    pub eight_bits: Option<EightBits>,
    /// The layers that look a function up, in order.
    pub tables: Vec<TableReport>,
    /// Pixels of the `.gen` against those of the float network.
    pub fidelity: Fidelity,
    /// The seed of the first of `worst`: for whoever reads that alone.
    pub worst_seed: u64,
    /// The pictures of the sheet, the worst first.
    pub worst: Vec<Worst>,
    /// Fréchet distances in the features of a classifier, if one was given.
    pub frechet: Option<Frechet>,
}

/// What an export found out, for its report.
pub(crate) struct Findings<'a> {
    pub(crate) network: &'a Network,
    pub(crate) import: Check,
    /// How every hidden tensor is quantised.
    pub(crate) ranges: Vec<Quantization>,
    /// The values of every hidden tensor in calibration.
    pub(crate) histograms: &'a [Histogram],
    pub(crate) drafts: &'a [DraftLayer],
    pub(crate) sensitivities: Vec<Sensitivity>,
    pub(crate) eight_bits: Option<EightBits>,
    pub(crate) fidelity: Fidelity,
    /// Index and PSNR of the worst pictures, the worst first.
    pub(crate) worst: Vec<(usize, f64)>,
    pub(crate) frechet: Option<Frechet>,
}

impl Report {
    /// The report of `model`, whose file has `flash_bytes`.
    ///
    /// # Errors
    /// Those of [`usual_times`].
    pub(crate) fn new(
        model: &Model,
        flash_bytes: usize,
        settings: Settings,
        findings: Findings,
    ) -> Result<Self> {
        let Findings { network, ranges, histograms, drafts, fidelity, .. } = findings;
        let seed = |index: usize| settings.seed.wrapping_add(index as u64);
        let tensors = network.layers.iter().zip(ranges).zip(histograms);
        let tensors = tensors
            .map(|((layer, range), seen)| TensorReport::new(layer, range, quality(range, seen)));
        let worst = findings.worst.into_iter();
        Ok(Self {
            layout: Layout::new(model, flash_bytes, Some(network)),
            import: findings.import,
            tensors: tensors.collect(),
            sensitivities: findings.sensitivities,
            times: usual_times(model)?,
            eight_bits: findings.eight_bits,
            tables: network.layers.iter().zip(drafts).filter_map(TableReport::new).collect(),
            worst_seed: seed(fidelity.worst),
            worst: worst.map(|(index, psnr)| Worst { seed: seed(index), psnr }).collect(),
            fidelity,
            frechet: findings.frechet,
            settings,
        })
    }
}

/// A picture of the sheet of the worst.
#[derive(Clone, Debug, Serialize)]
pub struct Worst {
    /// Its seed.
    pub seed: u64,
    /// Its PSNR, in dB.
    pub psnr: f64,
}

/// What a generator of 8 bits throughout takes and reaches.
#[derive(Clone, Debug, Serialize)]
pub struct EightBits {
    /// Mean PSNR, in dB.
    pub psnr_mean: f64,
    /// Bytes of the `.gen` file.
    pub flash_bytes: usize,
    /// Bytes that the engine asks for.
    pub working_memory_bytes: usize,
    /// How long a picture takes on some cores.
    pub times: Vec<CoreTime>,
}

impl EightBits {
    /// That of `model`, a file of `flash_bytes`.
    ///
    /// # Errors
    /// Those of [`usual_times`].
    pub fn new(model: &Model, flash_bytes: usize, psnr_mean: f64) -> Result<Self> {
        let (working_memory_bytes, times) = (model.working_memory(), usual_times(model)?);
        Ok(Self { psnr_mean, flash_bytes, working_memory_bytes, times })
    }
}

/// What an export was done with.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Values of pixels 0 and 255.
    pub pixels: [f64; 2],
    /// Latents that the ranges were chosen on.
    pub calibration_latents: usize,
    /// The label that all pictures are of, if there is one.
    pub label: Option<usize>,
    /// Bytes of working memory that the engine was given.
    pub ram_budget: Option<usize>,
    /// Headroom: the range of a channel, as a factor of its largest value in calibration.
    pub headroom: f64,
    /// Activation width, in bits, when no mix was searched for.
    pub activation_bits: u8,
    /// Weight width, in bits, when no mix was searched for.
    pub weight_bits: u8,
    /// What 12 bits were searched for.
    pub goal: Goal,
    /// Seed of the calibration and of the comparison.
    pub seed: u64,
}

/// A quantised tensor.
#[derive(Clone, Debug, Serialize)]
pub struct TensorReport {
    /// The node of the float ONNX that it comes from.
    pub name: String,
    /// Real value of one step.
    pub scale: f64,
    /// Bits of an element.
    pub bits: u8,
    /// The element that stands for 0: the zero-point.
    pub zero_point: u8,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// Fraction of the calibration values outside.
    pub saturated: f64,
    /// Signal to quantisation error, in dB.
    pub sqnr_db: f64,
}

/// A function that is looked up in a table.
#[derive(Clone, Debug, Serialize)]
pub struct TableReport {
    /// Name of the layer's ONNX node.
    pub layer: String,
    /// The function's name in ONNX.
    pub function: &'static str,
    /// Entries of the table.
    pub entries: usize,
}

impl TensorReport {
    /// The report of `layer`'s output, quantised to `range`, with its measured quality.
    pub(crate) fn new(
        layer: &Layer,
        range: Quantization,
        (saturated, sqnr_db): (f64, f64),
    ) -> Self {
        Self {
            name: layer.end().to_owned(),
            scale: range.scale,
            bits: if range.element.is_wide() { 12 } else { 8 },
            zero_point: range.zero_point,
            low: range.low(),
            high: range.high(),
            saturated,
            sqnr_db,
        }
    }
}

impl TableReport {
    /// The report of a layer's table, if it has one.
    pub(crate) fn new((layer, draft): (&Layer, &DraftLayer)) -> Option<Self> {
        let DraftActivation::Table(table) = &draft.activation else { return None };
        let functions = layer.steps.iter().map(|step| &step.operation);
        let mut functions = functions.filter(|it| !it.is_affine());
        let function = functions.next_back().map_or("", Operation::operator);
        Some(Self { layer: layer.name.clone(), function, entries: table.len() })
    }
}
