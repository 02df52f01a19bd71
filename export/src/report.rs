//! What came of an export.

use crate::classifier::Frechet;
use crate::fidelity::Fidelity;
use crate::latents;
use crate::mix::Goal;
use crate::network::{Layer, Network, Operation};
use crate::plans::{Choice, choices};
use crate::range::Range;
use crate::sensitivity::Sensitivity;
use crate::times::{self, CoreTime};
use crate::verify::Check;
use anyhow::Result;
use gen_core::element::Weight;
use gen_core::format::write::{DraftActivation, DraftLayer, DraftPart};
use gen_core::{Layer as DeviceLayer, Model, Shape};
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
    /// The same to a classifier, if one was given.
    pub frechet: Option<Frechet>,
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
    /// Those of [`times::times`].
    pub fn new(model: &Model, flash_bytes: usize, psnr_mean: f64) -> Result<Self> {
        let (working_memory_bytes, times) = (model.working_memory(), times::times(model)?);
        Ok(Self { psnr_mean, flash_bytes, working_memory_bytes, times })
    }
}

/// Sizes of a generator.
#[derive(Clone, Debug, Serialize)]
pub struct Layout {
    /// Its name.
    pub name: String,
    /// SHA-256 of the float ONNX.
    pub source_sha256: String,
    /// The latent's parts, one behind the other.
    pub latent: Vec<PartReport>,
    /// Height, width, channels of the pictures.
    pub image: [usize; 3],
    /// First to last.
    pub layers: Vec<LayerReport>,
    /// Products that land in the output.
    pub useful_macs: u64,
    /// Bytes of weights.
    pub weight_bytes: usize,
    /// Bytes of the `.gen` file.
    pub flash_bytes: usize,
    /// Bytes that the engine asks for, itself not included.
    pub working_memory_bytes: usize,
    /// Bytes of weights that pass by for a picture.
    pub weight_read_bytes: u64,
    /// What more working memory, or less, would do.
    pub choices: Vec<Choice>,
}

/// Sizes of a layer.
#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    /// Name of the ONNX node, if known.
    pub name: String,
    /// What follows it in the ONNX and is one with it here: operator and node, in order.
    pub steps: Vec<String>,
    /// How an output is made of a sum: `clamp`, `slopes` or `table`.
    pub epilogue: &'static str,
    /// `dense`, `transposed` or `plain`.
    pub kind: &'static str,
    /// Height, width, channels of the input.
    pub input: [usize; 3],
    /// Height, width, channels of the output.
    pub output: [usize; 3],
    /// Kernel rows and columns.
    pub kernel: [usize; 2],
    /// Strides along rows and columns.
    pub stride: [usize; 2],
    /// Products that land in the output.
    pub useful_macs: u64,
    /// Bits of a weight.
    pub weight_bits: u8,
    /// Bits of an element of the output.
    pub output_bits: u8,
    /// Bytes of weights.
    pub weight_bytes: usize,
    /// Bytes of working memory for output rows.
    pub window_bytes: usize,
    /// Whether it is computed whole instead of row by row.
    pub whole: bool,
    /// Bytes of weights that pass by for a picture.
    pub weight_read_bytes: u64,
}

/// A part of the latent.
#[derive(Clone, Debug, Serialize)]
pub struct PartReport {
    /// Its name.
    pub name: String,
    /// Its first element.
    pub begin: usize,
    /// Its elements.
    pub len: usize,
    /// What they are drawn from.
    pub distribution: &'static str,
    /// Whether it is taken for a label by its name alone.
    pub guessed: bool,
    /// Steps of its quantised elements per unit.
    pub scale: f32,
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
    /// How much farther than what was seen of it each channel of a tensor reaches.
    pub headroom: f64,
    /// Bits of the tensors between the layers that nothing was searched for.
    pub activation_bits: u8,
    /// Bits of the weights, likewise.
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
    /// What stands for 0.
    pub zero_point: u8,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// Part of the calibration values outside.
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

impl Layout {
    /// The layout of `model`, a file of `flash_bytes`, that was made of `network`.
    pub fn new(model: &Model, flash_bytes: usize, network: Option<&Network>) -> Self {
        let shape = model.image();
        let known = |index: usize| network.and_then(|network| network.layers.get(index));
        let hex = model.source().iter().map(|byte| format!("{byte:02x}"));
        let layers: Vec<LayerReport> = model
            .layers()
            .iter()
            .zip(model.plan().buffers())
            .enumerate()
            .map(|(index, (layer, buffer))| LayerReport {
                name: known(index).map_or_else(String::new, |layer| layer.name.clone()),
                steps: known(index).map_or_else(Vec::new, steps),
                epilogue: layer.epilogue().name(),
                kind: kind(layer),
                input: size(layer.input()),
                output: size(layer.output()),
                kernel: [layer.rows().kernel, layer.columns().kernel],
                stride: [layer.rows().stride, layer.columns().stride],
                useful_macs: layer.useful_macs(),
                weight_bits: if layer.weight() == Weight::Wide { 12 } else { 8 },
                output_bits: if layer.element().is_wide() { 12 } else { 8 },
                weight_bytes: layer.weight_bytes(),
                window_bytes: buffer.bytes(),
                whole: index < model.plan().whole(),
                weight_read_bytes: layer.weight_reads(index < model.plan().whole()),
            })
            .collect();
        Self {
            name: model.name().to_owned(),
            source_sha256: hex.collect(),
            latent: parts(model, network),
            image: size(shape),
            useful_macs: layers.iter().map(|layer| layer.useful_macs).sum(),
            weight_bytes: layers.iter().map(|layer| layer.weight_bytes).sum(),
            weight_read_bytes: layers.iter().map(|layer| layer.weight_read_bytes).sum(),
            choices: choices(model),
            layers,
            flash_bytes,
            working_memory_bytes: model.working_memory(),
        }
    }
}

fn parts(model: &Model, network: Option<&Network>) -> Vec<PartReport> {
    let guessed = |place: &std::ops::Range<usize>| {
        let mut inputs = network.iter().flat_map(|network| &network.inputs);
        inputs.any(|input| input.guessed && input.elements == *place)
    };

    let parts: Vec<DraftPart> = model.latent().parts().iter().map(DraftPart::from).collect();
    let reports = parts.iter().zip(latents::places(&parts)).map(|(part, place)| PartReport {
        name: part.name.clone(),
        guessed: guessed(&place),
        begin: place.start,
        len: part.len,
        distribution: latents::name(part.distribution),
        scale: part.scale,
    });
    reports.collect()
}

/// Neighbours of one node are told once.
fn steps(layer: &Layer) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for step in &layer.steps {
        let text = match (&step.operation, step.node == layer.name) {
            (Operation::Affine { .. }, true) => "bias".to_owned(),
            (Operation::Affine { .. }, false) => step.node.clone(),
            (operation, _) => format!("{} {}", operation.operator(), step.node),
        };
        if steps.last() != Some(&text) {
            steps.push(text);
        }
    }
    steps
}

fn size(map: Shape) -> [usize; 3] {
    [map.height, map.width, map.channels]
}

fn kind(layer: &DeviceLayer) -> &'static str {
    use gen_core::axis::Convolution;
    let from_one = layer.rows().input == 1 && layer.columns().input == 1;
    match layer.rows().convolution {
        Convolution::Transposed if from_one => "dense",
        Convolution::Transposed => "transposed",
        Convolution::Plain => "plain",
    }
}

impl TensorReport {
    /// The report of `layer`'s output, quantised to `range`, with its measured quality.
    pub(crate) fn new(layer: &Layer, range: Range, (saturated, sqnr_db): (f64, f64)) -> Self {
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
