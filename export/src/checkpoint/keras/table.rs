//! The table of layers that `export onnx` prints of a described model.

use crate::checkpoint::keras::translate::Translated;
use crate::checkpoint::keras::writer::Doubt;
use crate::text::ending;
use std::fmt::Write;

/// Maximum number of characters of a name.
const NAME: usize = 40;

/// A line for each call of a layer: its name, its class, and the shape that it gives in Keras' order; then what the file
/// leaves open.
pub(super) fn table(key: &str, translated: &Translated) -> String {
    let mut text = String::new();
    if !key.is_empty() {
        let _ = writeln!(text, "taken from the key \"{key}\"");
    }
    let mut rows = vec![["layer", "class", "output"].map(str::to_owned)];
    for row in &translated.calls {
        let shape: Vec<_> = row.shape.iter().map(ToString::to_string).collect();
        rows.push([ending(&row.name, NAME), row.class.clone(), shape.join("×")]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 2] = std::array::from_fn(|column| width(column).unwrap_or(0));
    for [name, class, shape] in &rows {
        let _ = writeln!(text, "{name:<0$} {class:<1$} {shape}", widths[0], widths[1]);
    }
    for doubt in [Doubt::Edges, Doubt::OutputPadding] {
        let rows = translated.calls.iter().filter(|row| row.doubts.contains(&doubt));
        let names: Vec<_> = rows.map(|row| row.name.as_str()).collect();
        if !names.is_empty() {
            let _ = writeln!(text, "{}: {}", names.join(", "), doubt.text());
        }
    }
    text
}
