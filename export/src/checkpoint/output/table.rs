//! The table of layers that `export onnx` prints.

use crate::checkpoint::choice::Choice;
use crate::checkpoint::choice::statistics::last_tested;
use crate::checkpoint::order::search::Evidence;
use crate::checkpoint::part::key::Part;
use crate::checkpoint::reading::Subject;
use crate::checkpoint::reading::architecture::Layer;
use crate::checkpoint::settings::per_layer::MARK;
use crate::checkpoint::settings::{Activation, Direction, Labels, Place};
use crate::latent;
use crate::text::ending;
use gen_core::latent::Distribution;
use std::fmt::Write;

/// Maximum number of characters of a name.
const NAME: usize = 21;

/// A line for each layer of what was chosen, assumed values marked, and what is known, assumed, and tested.
pub(crate) fn table(part: &Part, subject: &Subject, choice: &Choice) -> String {
    let architecture = &choice.architecture;
    let mut text = String::new();
    if !part.key.is_empty() {
        let _ = writeln!(text, "taken from the key \"{}\"", part.key);
    }
    if !part.left_out.is_empty() {
        let _ =
            writeln!(text, "left out, as an autoencoder's encoder: {}", part.left_out.join(", "));
    }
    let mut rows =
        vec![["", "layer", "kind", "in C×H×W", "out C×H×W", "geometry", "then"].map(str::to_owned)];
    if let Some(it) = &architecture.label {
        rows.extend(it.layers.iter().map(|layer| row("label", layer, false)));
    }
    for (index, layer) in architecture.layers.iter().enumerate() {
        rows.push(row(&index.to_string(), layer, architecture.square));
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
    text + &latents(subject, choice) + &notes(subject, choice, &rows)
}

/// A line on the latent.
fn latents(subject: &Subject, choice: &Choice) -> String {
    let architecture = &choice.architecture;
    let distribution = latent::name(subject.distribution(&choice.reading));
    let noise = format!("{} {distribution} elements", architecture.noise);
    let label = match (architecture.labels, &architecture.label) {
        (Labels::None, _) => String::new(),
        (Labels::Joined(place), label) => {
            let count = label.as_ref().map_or(0, |it| it.label.count);
            format!("; {count} labels, whose first map stands {place} that of the noise")
        }
        (Labels::OneHot(place, count), _) => {
            format!("{} {count} one-hot elements of a label", way(place))
        }
        (Labels::Embedded(place), label) => {
            let count = label.as_ref().map_or(0, |it| it.label.count);
            format!("{} a label's embedding ({count} labels)", way(place))
        }
    };
    format!("latent: {noise}{label}\n")
}

/// How the noise meets what stands for the label at `place`.
fn way(place: Place) -> &'static str {
    match place {
        Place::Behind => ", followed by",
        Place::Before => ", preceded by",
        Place::Times => ", multiplied by",
    }
}

/// What the order follows from, what is assumed, and what the statistics say.
fn notes(subject: &Subject, choice: &Choice, rows: &[[String; 7]]) -> String {
    let mut text = String::new();
    let order = match subject.evidence {
        Evidence::Given => "the one given",
        Evidence::File => "the file's",
        Evidence::Names => {
            "the file's or that of the numbers; BatchNorms stand where their names tell"
        }
        Evidence::Layers => {
            "the file's or that of the numbers; BatchNorms stand where their channels fit"
        }
        Evidence::Channels => {
            "the only one in which the numbers of channels fit: pass --order if it is wrong"
        }
    };
    let _ = writeln!(text, "order of the layers: {order}");
    if let Some(layout) = choice.reading.layout {
        let _ = writeln!(text, "known layout: {layout}");
    }
    if rows.iter().flatten().any(|cell| cell.contains(MARK)) {
        let _ = writeln!(
            text,
            "{MARK} assumed: checkpoints do not store strides, paddings or activations. Set them with --stride, --padding,\n  \
             --output-padding, --upsample, --activation, --output, --eps, --map, --conv, --size."
        );
    }
    for score in &choice.scores {
        let of_latents = subject.autoencoder && score.layer == 0 && !score.is_label;
        let agrees = match (score.agrees(), of_latents) {
            (true, _) => "as in training",
            (_, true) => "not as in training, where an encoder gave the latents",
            _ => "not as in training",
        };
        let _ = writeln!(
            text,
            "tested: inputs of BatchNorm {}: {agrees} (divergence {:.4})",
            ending(&score.name, NAME),
            score.divergence
        );
    }
    if let Some(last) = last_tested(&choice.scores)
        && last + 1 < choice.architecture.layers.len()
    {
        let _ = writeln!(text, "not tested: what follows layer {last}'s BatchNorm");
    }
    if subject.distribution(&choice.reading) != Distribution::Normal
        && subject.given.latent.is_none()
    {
        text += "the noise is uniform on (−1, 1): its variance in the first BatchNorm is that\n";
    }
    text
}

/// The cells of one layer. `square`: it is assumed that features become a square map.
fn row(index: &str, layer: &Layer, square: bool) -> [String; 7] {
    let link = &layer.link;
    let kind = match &layer.geometry {
        None => "dense",
        Some(it) if it.direction == Direction::Transposed => "transposed",
        Some(_) => "plain",
    };
    let map = |[channels, height, width]: [usize; 3]| format!("{channels}×{height}×{width}");
    let geometry = layer.geometry.as_ref().map_or(String::new(), |it| it.text());
    let kind = match link.groups {
        1 => kind.to_owned(),
        groups => format!("{kind} in {groups} groups"),
    } + if link.either { MARK } else { "" };
    let mut then = Vec::new();
    if let Some((name, _)) = link.norm {
        then.push(format!("BatchNorm {} eps {}", ending(name, NAME), layer.epsilon));
    }
    if link.slope.is_some() {
        then.push("PReLU".to_owned());
    }
    if layer.activation.value != Activation::None || link.slope.is_none() {
        let mark = layer.activation.mark();
        let activation = format!("{}{mark}", layer.activation.value.name());
        then.insert(if layer.activation_first { 0 } else { then.len() }, activation);
    }
    [
        index.to_owned(),
        ending(link.name, NAME),
        kind,
        map(layer.input),
        map(layer.output) + if square && link.map.is_some() { MARK } else { "" },
        geometry,
        then.join(", "),
    ]
}
