//! The result of an export as data, as JSON and as text.
//!
//! - [`layout`]: sizes, layer by layer
//! - [`plans`]: the weight bytes read with more or less working memory
//! - [`text`]: the tables that people read
//! - [`verdict`]: whether a generator fits a board
//! - [`inspect`](mod@inspect): the layout of an ONNX that was not quantised
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

/// Sizes, times, ranges and fidelity of an exported generator. Its fields are the keys of the JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Sizes, layer by layer.
    pub layout: Layout,
    /// Whether the ONNX file itself, run by tract, draws the same pictures as the imported network.
    pub import: Check,
    /// The options of the export.
    pub settings: Settings,
    /// The quantised tensors between the layers, in order.
    pub tensors: Vec<TensorReport>,
    /// Sensitivity of the pictures to each layer's 8 bits; empty if 8 bits throughout are not possible.
    pub sensitivities: Vec<Sensitivity>,
    /// Time of a picture on some cores.
    pub times: Vec<CoreTime>,
    /// Figures of 8 bits throughout, if there was a goal.
    pub eight_bits: Option<EightBits>,
    /// The lookup tables, in the order of their layers.
    pub tables: Vec<TableReport>,
    /// Pixels of the `.gen` compared with those of the float network.
    pub fidelity: Fidelity,
    /// Seed of the worst picture, the first of `worst`.
    pub worst_seed: u64,
    /// The pictures on the sheet, the worst first.
    pub worst: Vec<Worst>,
    /// Fréchet distances in the features of a classifier, if one was given.
    pub frechet: Option<Frechet>,
}

/// What [`Report::new`] takes from an export.
pub(crate) struct Findings<'a> {
    pub(crate) network: &'a Network,
    pub(crate) import: Check,
    /// Quantisation of every hidden tensor.
    pub(crate) ranges: Vec<Quantization>,
    /// The values of every hidden tensor in calibration.
    pub(crate) histograms: &'a [Histogram],
    pub(crate) drafts: &'a [DraftLayer],
    pub(crate) sensitivities: Vec<Sensitivity>,
    pub(crate) eight_bits: Option<EightBits>,
    pub(crate) fidelity: Fidelity,
    /// Index and PSNR in dB of the worst pictures, the worst first.
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

/// A picture on the sheet of the worst.
#[derive(Clone, Debug, Serialize)]
pub struct Worst {
    /// Its seed.
    pub seed: u64,
    /// Its PSNR, in dB.
    pub psnr: f64,
}

/// Fidelity, sizes and times of a generator with 8 bits throughout.
#[derive(Clone, Debug, Serialize)]
pub struct EightBits {
    /// Mean PSNR, in dB.
    pub psnr_mean: f64,
    /// Bytes of the `.gen` file.
    pub flash_bytes: usize,
    /// Bytes of working memory.
    pub working_memory_bytes: usize,
    /// Time of a picture on some cores.
    pub times: Vec<CoreTime>,
}

impl EightBits {
    /// The figures of `model`, whose file has `flash_bytes`; `psnr_mean` is in dB.
    ///
    /// # Errors
    /// Those of [`usual_times`].
    pub fn new(model: &Model, flash_bytes: usize, psnr_mean: f64) -> Result<Self> {
        let (working_memory_bytes, times) = (model.working_memory(), usual_times(model)?);
        Ok(Self { psnr_mean, flash_bytes, working_memory_bytes, times })
    }
}

/// The options of an export, as the report lists them.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Output values of pixels 0 and 255.
    pub pixels: [f64; 2],
    /// Number of calibration latents.
    pub calibration_latents: usize,
    /// The label of all pictures, if it was fixed.
    pub label: Option<usize>,
    /// Bytes of working memory that the engine may use; `None` computes every layer row by row.
    pub ram_budget: Option<usize>,
    /// Headroom: the least range of a channel, as a factor of its largest value in calibration.
    pub headroom: f64,
    /// Activation width, in bits, when no mix was searched for.
    pub activation_bits: u8,
    /// Weight width, in bits, when no mix was searched for.
    pub weight_bits: u8,
    /// Goal of the search for 12 bits.
    pub goal: Goal,
    /// Seed of the calibration and of the comparison.
    pub seed: u64,
}

/// A quantised tensor.
#[derive(Clone, Debug, Serialize)]
pub struct TensorReport {
    /// Node of the float ONNX that gives the tensor.
    pub name: String,
    /// Real value of one step.
    pub scale: f64,
    /// Bits of an element.
    pub bits: u8,
    /// The element that stands for 0: the zero-point.
    pub zero_point: u8,
    /// Smallest real value that an element holds.
    pub low: f64,
    /// Largest real value that an element holds.
    pub high: f64,
    /// Fraction of the calibration values outside this range.
    pub saturated: f64,
    /// Signal to quantisation error, in dB.
    pub sqnr_db: f64,
}

/// A lookup table.
#[derive(Clone, Debug, Serialize)]
pub struct TableReport {
    /// Name of the layer's ONNX node.
    pub layer: String,
    /// ONNX operator of the last function in the table.
    pub function: &'static str,
    /// Number of entries.
    pub entries: usize,
}

impl TensorReport {
    /// The report of the output of `layer`, quantised to `range`: fraction saturated and SQNR in dB, as measured.
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
    /// The report of the layer's table, if it has one.
    pub(crate) fn new((layer, draft): (&Layer, &DraftLayer)) -> Option<Self> {
        let DraftActivation::Table(table) = &draft.activation else { return None };
        let functions = layer.steps.iter().map(|step| &step.operation);
        let mut functions = functions.filter(|it| !it.is_affine());
        let function = functions.next_back().map_or("", Operation::operator);
        Some(Self { layer: layer.name.clone(), function, entries: table.len() })
    }
}
