//! The accepted figures: `boards/bench.json`, and the tables of docs/performance.md that show them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use boards::record::{Record, to_json};
use serde_json::Value;
use setup::workspace;

use super::table::tables;

/// Marker before the tables of docs/performance.md.
const BEGIN: &str = "<!-- bench -->";
/// Marker after the tables.
const END: &str = "<!-- /bench -->";

fn json() -> PathBuf {
    workspace::root().join("boards/bench.json")
}

fn page() -> PathBuf {
    workspace::root().join("docs/performance.md")
}

/// Writes records to `boards/bench.json`, and their tables, headed by `versions`, to docs/performance.md.
///
/// # Errors
///
/// If the page has no markers, or a file cannot be written.
pub fn write(records: &[Record], versions: &str) -> Result<()> {
    let path = page();
    let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let (before, _, after) = split(&text).with_context(|| format!("{}", path.display()))?;
    let new = format!("\n{versions}\n\n{}", tables(records));
    fs::write(&path, [before, &new, after].concat()).context("cannot write docs/performance.md")?;
    fs::write(json(), to_json(records)?).context("cannot write boards/bench.json")
}

/// The page's text before, between and after the markers; the markers belong to the outer parts.
fn split(page: &str) -> Result<(&str, &str, &str)> {
    let begin = page.find(BEGIN).with_context(|| format!("no {BEGIN}"))? + BEGIN.len();
    let end = page.find(END).filter(|end| *end >= begin).with_context(|| format!("no {END}"))?;
    Ok((&page[..begin], &page[begin..end], &page[end..]))
}

/// The sentence in docs/performance.md that names the versions of compiler and emulator.
///
/// # Errors
/// If the page cannot be read, or has no markers.
pub fn versions() -> Result<String> {
    let path = page();
    let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let (_, figures, _) = split(&text).with_context(|| format!("{}", path.display()))?;
    Ok(figures.trim().lines().next().unwrap_or_default().to_owned())
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
            Some(old) => lines.extend(
                changed_fields(old, new).iter().map(|field| format!("{}: {field}", name(new))),
            ),
        }
    }
    let gone = |old: &&Record| !measured.iter().any(|new| new.is_of(old));
    lines.extend(accepted.iter().filter(gone).map(|old| format!("{}: gone", name(old))));
    lines
}

fn changed_fields(old: &Record, new: &Record) -> Vec<String> {
    let [old, new] = [old, new].map(|record| serde_json::to_value(record).unwrap_or_default());
    let fields = new.as_object().into_iter().flatten();
    fields
        .filter(|(field, value)| old[*field] != **value)
        .map(|(field, value)| {
            format!("{field} {} → {value}{}", old[field], change(&old[field], value))
        })
        .collect()
}

/// Text of the change of a figure.
fn change(old: &Value, new: &Value) -> String {
    match (old.as_f64(), new.as_f64()) {
        (Some(old), Some(new)) => format!(" ({:+.2} %)", (new / old - 1.0) * 100.0),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use boards::record::accepted;

    use super::super::network::network;
    use super::{differences, page, split, tables, take_compilers_figures};

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
        let (_, shown, _) = split(&text).unwrap();
        assert!(shown.ends_with(&tables(&accepted())), "type cargo xtask bench --accept");
    }

    #[test]
    fn markers_stay() {
        let text = "a<!-- bench -->b<!-- /bench -->c";
        assert_eq!(split(text).unwrap(), ("a<!-- bench -->", "b", "<!-- /bench -->c"));
        assert!(split("<!-- /bench --><!-- bench -->").is_err());
    }
}
