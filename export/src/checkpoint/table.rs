//! The table of layers that `export onnx` prints.

use crate::checkpoint::architecture::{Architecture, Layer};
use crate::checkpoint::key::Part;
use crate::checkpoint::settings::{Activation, Direction, MARK};
use crate::text::ending;
use std::fmt::Write;

/// Maximum number of characters of a name.
const NAME: usize = 21;

/// A line for each layer of `architecture`, assumed values marked, and hints for what may be wrong.
pub(super) fn table(part: &Part, architecture: &Architecture) -> String {
    let mut text = String::new();
    if !part.key.is_empty() {
        let _ = writeln!(text, "taken from the key \"{}\"", part.key);
    }
    let mut rows =
        vec![["", "layer", "kind", "input", "output", "geometry", "then"].map(str::to_owned)];
    for (index, layer) in architecture.layers.iter().enumerate() {
        rows.push(row(index, layer, architecture.square));
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 7] = std::array::from_fn(|column| width(column).unwrap_or(0));
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:<width$} ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if architecture.reordered {
        text.push_str(
            "the order follows from the shapes, not from the names: pass --order if it is wrong\n",
        );
    }
    if !rows.iter().flatten().any(|cell| cell.contains(MARK)) {
        return text;
    }
    let _ = writeln!(
        text,
        "{MARK} assumed: checkpoints do not store strides, paddings or activations. Set them with --stride, --padding,\n  \
         --output-padding, --upsample, --activation, --output, --eps or --map."
    );
    text
}

/// The cells of one layer. `square`: it is assumed that features become a square map.
fn row(index: usize, layer: &Layer, square: bool) -> [String; 7] {
    let link = &layer.link;
    let kind = match &layer.geometry {
        None => "dense",
        Some(it) if it.direction == Direction::Transposed => "transposed",
        Some(_) => "plain",
    };
    let map = |[channels, height, width]: [usize; 3]| format!("{channels}×{height}×{width}");
    let geometry = layer.geometry.as_ref().map_or(String::new(), |it| it.text());
    let mut then = Vec::new();
    if let Some((name, _)) = link.norm {
        then.push(format!("BatchNorm {} eps {}", ending(name, NAME), layer.epsilon));
    }
    if link.slope.is_some() {
        then.push("PReLU".to_owned());
    }
    if layer.activation.value != Activation::None || link.slope.is_none() {
        then.push(layer.activation.to_string());
    }
    [
        index.to_string(),
        ending(link.name, NAME),
        kind.to_owned(),
        map(layer.input),
        map(layer.output) + if square && link.map.is_some() { MARK } else { "" },
        geometry,
        then.join(", "),
    ]
}
