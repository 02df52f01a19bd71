//! The accepted figures: `boards/bench.json`, and the tables of docs/performance.md that show them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use boards::record::{Measurements, Record};
use output::file;
use setup::workspace;

use super::table::tables;

/// Marker before the tables of docs/performance.md.
const BEGIN: &str = "<!-- bench -->";
/// Marker after the tables.
const END: &str = "<!-- /bench -->";

fn page() -> PathBuf {
    workspace::root().join("docs/performance.md")
}

/// Writes measurements to `boards/bench.json`, and their tables to docs/performance.md.
///
/// # Errors
///
/// If the page has no markers, or a file cannot be written.
pub fn write(measurements: &Measurements) -> Result<()> {
    let path = page();
    let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let (before, _, after) = split(&text).with_context(|| format!("{}", path.display()))?;
    let page = [before, &shown(measurements), after].concat();
    let (json, json_path) = (measurements.to_json()?, workspace::root().join("boards/bench.json"));
    file::write(&[(path, page.as_bytes()), (json_path, json.as_bytes())])
}

/// The page's text between the markers.
fn shown(measurements: &Measurements) -> String {
    format!("\n{}\n\n{}", measurements.versions(), tables(&measurements.records))
}

/// The page's text before, between and after the markers; the markers belong to the outer parts.
fn split(page: &str) -> Result<(&str, &str, &str)> {
    let begin = page.find(BEGIN).with_context(|| format!("no {BEGIN}"))? + BEGIN.len();
    let end = page.find(END).filter(|end| *end >= begin).with_context(|| format!("no {END}"))?;
    Ok((&page[..begin], &page[begin..end], &page[end..]))
}

/// Replaces instructions, stack and code by the accepted figures: another compiler produces different ones.
pub fn take_compilers_figures(accepted: &[Record], measured: &mut [Record]) {
    for new in measured {
        let Some(old) = accepted.iter().find(|old| old.is_of(new)) else { continue };
        new.instructions = old.instructions;
        if let (Some(new), Some(old)) = (&mut new.whole, &old.whole) {
            (new.stack, new.engine, new.code) = (old.stack, old.engine, old.code);
        }
    }
}

/// Compares figures. Returns a line per difference; empty if there is none.
pub fn differences(accepted: &[Record], measured: &[Record]) -> Vec<String> {
    let name = |record: &Record| format!("{} {} {}", record.core, record.model, record.layer);
    let mut lines = Vec::new();
    for new in measured {
        match accepted.iter().find(|old| old.is_of(new)) {
            None => lines.push(format!("{}: not accepted before", name(new))),
            Some(old) => lines.extend(changes(old, new).map(|it| format!("{}: {it}", name(new)))),
        }
    }
    let gone = |old: &&Record| !measured.iter().any(|new| new.is_of(old));
    lines.extend(accepted.iter().filter(gone).map(|old| format!("{}: gone", name(old))));
    lines
}

/// Text of each figure that changed.
fn changes(old: &Record, new: &Record) -> impl Iterator<Item = String> {
    let [old, new] = [old, new].map(|record| serde_json::to_value(record).unwrap_or_default());
    let fields = new.as_object().cloned().into_iter().flatten();
    fields.filter_map(move |(field, new)| {
        let old = &old[&field];
        let percent = |old: f64, new: f64| format!(" ({:+.2} %)", (new / old - 1.0) * 100.0);
        let change = old.as_f64().zip(new.as_f64()).map(|(old, new)| percent(old, new));
        (*old != new).then(|| format!("{field} {old} → {new}{}", change.unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use boards::record::accepted;

    use super::super::network::network;
    use super::{differences, page, shown, split, take_compilers_figures};

    #[test]
    fn compilers_change_no_picture() {
        let accepted = network("M3", "faces", 1000);
        let mut measured = network("M3", "faces", 990);
        let whole = measured[1].whole.as_mut().unwrap();
        (whole.stack, whole.code) = (whole.stack + 8, whole.code + 16);
        take_compilers_figures(&accepted, &mut measured);
        assert_eq!(differences(&accepted, &measured), [""; 0]);
        measured[1].whole.as_mut().unwrap().picture = "0".into();
        take_compilers_figures(&accepted, &mut measured);
        assert_eq!(differences(&accepted, &measured).len(), 1);
    }

    #[test]
    fn differences_name_the_figure() {
        let accepted = [network("M3", "faces", 1000), network("M4", "faces", 10)].concat();
        assert_eq!(differences(&accepted, &accepted), [""; 0]);
        let mut measured = [network("M3", "faces", 990), network("M7", "faces", 10)].concat();
        measured[1].instructions = 1000;
        measured[1].whole.as_mut().unwrap().picture = "0".into();
        let expected = [
            "M3 faces 0: instructions 1000 → 990 (-1.00 %)",
            "M3 faces all: picture \"00c0ffee\" → \"0\"",
            "M7 faces 0: not accepted before",
            "M7 faces all: not accepted before",
            "M4 faces 0: gone",
            "M4 faces all: gone",
        ];
        assert_eq!(differences(&accepted, &measured), expected);
    }

    #[test]
    fn the_page_shows_what_was_accepted() {
        let text = fs::read_to_string(page()).unwrap();
        let (_, between, _) = split(&text).unwrap();
        assert!(between == shown(&accepted()), "type cargo xtask bench --accept");
    }

    #[test]
    fn markers_stay() {
        let text = "a<!-- bench -->b<!-- /bench -->c";
        assert_eq!(split(text).unwrap(), ("a<!-- bench -->", "b", "<!-- /bench -->c"));
        assert!(split("<!-- /bench --><!-- bench -->").is_err());
    }
}
