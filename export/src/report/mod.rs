//! The result of an export as data, as JSON and as text.
//!
//! - [`layout`]: sizes, layer by layer
//! - [`text`]: the tables that people read
//! - [`verdict`]: whether a generator fits a board
//! - [`inspect`](mod@inspect): the layout of an ONNX that was not quantised

pub mod inspect;
pub mod layout;
pub mod text;
pub mod verdict;

use crate::calibrate::histogram::Histogram;
use crate::calibrate::range::quality;
use crate::draw::classifier::Frechet;
use crate::import::verify::Check;
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use crate::picture::fidelity::Fidelity;
use crate::quantize::mix::Goal;
use crate::quantize::sensitivity::Sensitivity;
use boards::CoreTime;
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
    /// Who chose which weights and tensors have 12 bits.
    pub chosen: Chosen,
    /// Figures of 8 bits throughout, if they are possible and a mix of 8 and 12 bits was searched for.
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

/// A picture on the sheet of the worst.
#[derive(Clone, Debug, Serialize)]
pub struct Worst {
    /// Its seed.
    pub seed: u64,
    /// Its PSNR, in dB.
    pub psnr: f64,
}

/// Who chose which weights and tensors have 12 bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// The options, by widths or a goal.
    Given,
    /// The default: 8 bits throughout are good enough.
    EightBits,
    /// A search, since 8 bits throughout are not good enough or not possible.
    Raised,
    /// The same, but no mix that was tried is good enough.
    Missed {
        /// Largest mean PSNR of these mixes, in dB.
        #[serde(rename = "best_mean_db")]
        mean: f64,
        /// Largest PSNR of their worst pictures, in dB.
        #[serde(rename = "best_worst_db")]
        worst: f64,
    },
}

/// Fidelity, sizes and times of a generator with 8 bits throughout.
#[derive(Clone, Debug, Serialize)]
pub struct EightBits {
    /// Mean PSNR, in dB.
    pub psnr_mean: f64,
    /// PSNR of the worst picture, in dB.
    pub psnr_worst: f64,
    /// Bytes of the `.gen` file.
    pub flash_bytes: usize,
    /// Bytes of working memory.
    pub working_memory_bytes: usize,
    /// Time of a picture on some cores.
    pub times: Vec<CoreTime>,
}

/// The options of an export, as the report lists them.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Output values of pixels 0 and 255.
    pub pixels: [f64; 2],
    /// Whether the pixel rule is only assumed: the options and the network leave it open.
    #[serde(skip)]
    pub pixels_assumed: bool,
    /// Number of calibration latents.
    pub calibration_latents: usize,
    /// The label of all pictures, if it was fixed.
    pub label: Option<usize>,
    /// Bytes of working memory that the engine may use; `None` computes every layer row by row.
    pub ram_budget: Option<usize>,
    /// Headroom: the minimum range of a channel, as a factor of its largest value in calibration.
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
    /// The reports of the hidden layers' outputs of `network`, quantised as `tensors` say. `histograms` are their
    /// values in calibration.
    pub(crate) fn all(
        network: &Network,
        tensors: &[Quantization],
        histograms: &[Histogram],
    ) -> Vec<Self> {
        let hidden = network.layers.iter().zip(tensors).zip(histograms);
        let reports = hidden.map(|((layer, tensor), histogram)| {
            let (saturated, sqnr_db) = quality(*tensor, histogram);
            Self {
                name: layer.end().to_owned(),
                scale: tensor.scale,
                bits: if tensor.element.is_wide() { 12 } else { 8 },
                zero_point: tensor.zero_point,
                low: tensor.low(),
                high: tensor.high(),
                saturated,
                sqnr_db,
            }
        });
        reports.collect()
    }
}

impl TableReport {
    /// The reports of all tables in `drafts`, the quantised layers of `network`.
    pub(crate) fn all(network: &Network, drafts: &[DraftLayer]) -> Vec<Self> {
        let report = |(layer, draft): (&Layer, &DraftLayer)| {
            let DraftActivation::Table(table) = &draft.activation else { return None };
            let last = layer.steps.iter().rfind(|step| !step.operation.is_affine())?;
            let (layer, function) = (layer.name.clone(), last.operation.operator());
            Some(Self { layer, function, entries: table.len() })
        };
        network.layers.iter().zip(drafts).filter_map(report).collect()
    }
}
