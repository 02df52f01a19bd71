//! A generator's sizes, layer by layer: flash, working memory and MACs, as data, as a table and as a diagram.

use crate::latent;
use crate::network::operation::Operation;
use crate::network::{Layer, Network};
use crate::quantize::plans::{MemoryChoice, choices};
use crate::text::{ending, wrapped};
use gen_core::element::Weight;
use gen_core::format::write::DraftPart;
use gen_core::{Layer as DeviceLayer, Model, Shape};
use output::number::{grouped, hexadecimal};
use serde::Serialize;
use std::fmt::Write;

/// Sizes of a generator.
#[derive(Clone, Debug, Serialize)]
pub struct Layout {
    /// Its name.
    pub name: String,
    /// SHA-256 of the float ONNX.
    pub source_sha256: String,
    /// The latent's parts, in order.
    pub latent: Vec<PartReport>,
    /// Height, width, channels of the pictures.
    pub image: [usize; 3],
    /// What was assumed or replaced in the ONNX, a sentence each.
    pub notes: Vec<String>,
    /// The layers, first to last.
    pub layers: Vec<LayerReport>,
    /// Multiply-accumulates per picture whose product lands in the output.
    pub useful_macs: u64,
    /// Bytes of weights.
    pub weight_bytes: usize,
    /// Bytes of the `.gen` file.
    pub flash_bytes: usize,
    /// Bytes of working memory, the engine itself not included.
    pub working_memory_bytes: usize,
    /// Weight bytes read per picture.
    pub weight_read_bytes: u64,
    /// Other sizes of the working memory, and the weight bytes read with each.
    pub choices: Vec<MemoryChoice>,
}

/// Sizes of a layer.
#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    /// Name of the ONNX node, if known.
    pub name: String,
    /// The steps that follow it in the ONNX and are folded into it here: operator and node, in order.
    pub steps: Vec<String>,
    /// Epilogue that turns an accumulator into an element: `clamp`, `slopes` or `table`.
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
    /// Multiply-accumulates per picture whose product lands in the output.
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
    /// Weight bytes read per picture.
    pub weight_read_bytes: u64,
}

/// A part of the latent.
#[derive(Clone, Debug, Serialize)]
pub struct PartReport {
    /// Its name.
    pub name: String,
    /// Its first element.
    pub begin: usize,
    /// Number of elements.
    pub len: usize,
    /// Distribution of the elements: `normal`, `uniform` or `one-hot`.
    pub distribution: &'static str,
    /// Whether only the input's name suggests that it is a label.
    pub guessed: bool,
    /// Whether the elements are divided by the root of their mean square before the first layer.
    pub normalized: bool,
    /// Quantisation steps per unit.
    pub scale: f32,
}

impl Layout {
    /// The layout of `model`, whose file has `flash_bytes`. `network`, if known, gives the names of nodes.
    pub fn new(model: &Model, flash_bytes: usize, network: Option<&Network>) -> Self {
        let shape = model.picture_shape();
        let known = |index: usize| network.and_then(|network| network.layers.get(index));
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
            source_sha256: hexadecimal(model.source()),
            latent: parts(model, network),
            image: size(shape),
            notes: network.map_or_else(Vec::new, |network| network.notes.clone()),
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
    let reports = parts.iter().zip(latent::places(&parts)).map(|(part, place)| PartReport {
        name: part.name.clone(),
        guessed: guessed(&place),
        begin: place.start,
        len: part.len,
        distribution: latent::name(part.distribution),
        normalized: part.normalized,
        scale: part.scale,
    });
    reports.collect()
}

/// The steps of `layer` as text. Equal neighbours are listed once: a node can become several steps.
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

/// Most columns of a line.
const COLUMNS: usize = 100;

/// The sizes as a table of at most [`COLUMNS`] columns.
pub fn table(layout: &Layout) -> String {
    let [height, width, channels] = layout.image;
    let mut text = format!("{}: pictures {height}×{width}×{channels} of latents\n", layout.name);
    text.push_str(&latent(layout));
    for note in &layout.notes {
        let _ = writeln!(text, "{}", wrapped(&format!("note: {note}"), COLUMNS));
    }
    text.push('\n');
    row(
        &mut text,
        ["", "layer", "kind", "input", "output", "kernel", "MACs", "weights", "read", "window"],
    );
    for (index, layer) in layout.layers.iter().enumerate() {
        let map = |[height, width, channels]: [usize; 3]| format!("{height}×{width}×{channels}");
        let [kernel, stride] = [layer.kernel, layer.stride].map(|[rows, columns]| {
            if rows == columns { rows.to_string() } else { format!("{rows}×{columns}") }
        });
        row(
            &mut text,
            [
                &index.to_string(),
                &ending(&layer.name, 21),
                layer.kind,
                &map(layer.input),
                &map(layer.output),
                &format!("k{kernel} s{stride}"),
                &grouped(layer.useful_macs),
                &grouped(layer.weight_bytes as u64),
                &times(layer.weight_read_bytes, layer.weight_bytes),
                &grouped(layer.window_bytes as u64),
            ],
        );
    }
    let (macs, weights) = (grouped(layout.useful_macs), grouped(layout.weight_bytes as u64));
    let memory = grouped(layout.working_memory_bytes as u64);
    let read = times(layout.weight_read_bytes, layout.weight_bytes);
    row(&mut text, ["", "total", "", "", "", "", &macs, &weights, &read, ""]);
    let flash = grouped(layout.flash_bytes as u64);
    let _ = writeln!(
        text,
        "read: how often a picture reads each weight; window: bytes of working memory for output rows\n\
         \nflash {flash} bytes (the .gen file), {macs} useful MACs per picture\n\
         working memory {memory} bytes, without the engine itself, which\n\
         takes {} bytes here and about half on a 32-bit target",
        grouped(size_of::<gen_core::Engine>() as u64)
    );
    text.push_str(&reads(layout));
    text
}

/// The parts of the latent, a line each; a label that was guessed from its name has a second line.
fn latent(layout: &Layout) -> String {
    let mut text = String::new();
    for part in &layout.latent {
        let last = part.begin + part.len - 1;
        let name = ending(&part.name, 24);
        let guessed = if part.guessed {
            format!(",\n{:27}guessed from its name; otherwise --latent {}=normal", "", part.name)
        } else {
            String::new()
        };
        let place = format!("{}…{last}", part.begin);
        let normalized = if part.normalized { ", normalised" } else { "" };
        let distribution = part.distribution;
        let _ =
            writeln!(text, "  {name:<24} elements {place}, {distribution}{normalized}{guessed}");
    }
    text
}

/// Weight bytes read per picture, in this file and with other budgets of working memory.
fn reads(layout: &Layout) -> String {
    let whole = layout.layers.iter().filter(|layer| layer.whole).count();
    let mut text = format!(
        "weights are read once per output row{}: {} bytes per picture\n",
        match whole {
            0 => String::new(),
            1 => " (layer 0: once in total)".to_owned(),
            _ => format!(" (layers 0 to {}: once in total)", whole - 1),
        },
        grouped(layout.weight_read_bytes)
    );
    for choice in layout.choices.iter().filter(|it| it.whole != whole) {
        let _ = writeln!(
            text,
            "  with --ram-budget {:<8} {:>14} bytes",
            choice.working_memory_bytes,
            grouped(choice.weight_read_bytes)
        );
    }
    text
}

/// How often weights are read per picture, on average.
fn times(read: u64, weights: usize) -> String {
    format!("{:.1}×", read as f64 / weights.max(1) as f64)
}

/// The network as a diagram, from the latent down. Each layer lists the steps that are folded into it.
pub fn diagram(layout: &Layout) -> String {
    let latent: usize = layout.latent.iter().map(|part| part.len).sum();
    let mut text = format!("latent {latent}, 12 bits\n");
    for layer in &layout.layers {
        let [kernel, stride] = [layer.kernel, layer.stride].map(|[a, b]| format!("{a}×{b}"));
        let geometry = match layer.kind {
            "dense" => String::new(),
            _ => format!(", kernel {kernel}, stride {stride}"),
        };
        let _ = writeln!(text, "  │  {}{geometry}  {}", layer.kind, layer.name);
        for step in &layer.steps {
            let _ = writeln!(text, "  │    {step}");
        }
        let [height, width, channels] = layer.output;
        let (bits, epilogue) = (layer.output_bits, layer.epilogue);
        let _ = writeln!(text, "  ▼  {height}×{width}×{channels}, {bits} bits ({epilogue})");
    }
    text
}

fn row(text: &mut String, cells: [&str; 10]) {
    let [index, name, kind, input, output, kernel, macs, weights, read, window] = cells;
    let line = format!(
        "{index:>2} {name:<21} {kind:<10} {input:<9} {output:<9} {kernel:<7} {macs:>11} {weights:>9} {read:>5} \
         {window:>7}"
    );
    text.push_str(line.trim_end());
    text.push('\n');
}
