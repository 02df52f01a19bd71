//! Reads a CSV of labels: a header, then a line per picture; the first column is the file name.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use csv::{ReaderBuilder, StringRecord, Trim};

use super::Attribute;
use crate::network::CLASSES;

/// Reads the attributes of `pictures`, which the CSV names by their path in the directory or by file name
/// alone.
pub(super) fn read(path: &Path, pictures: &[&Path]) -> Result<Vec<Attribute>> {
    parse(path, pictures).with_context(|| path.display().to_string())
}

fn parse(path: &Path, pictures: &[&Path]) -> Result<Vec<Attribute>> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_path(path)?;
    let header = reader.headers()?.clone();
    ensure!(header.len() > 1, "needs a header of \"file\" and attribute names");
    let mut rows = HashMap::new();
    for row in reader.records() {
        let row = row?;
        let name = row[0].to_owned();
        ensure!(!rows.contains_key(&name), "two lines for the picture {name}");
        rows.insert(name, row);
    }
    let mut used = HashSet::new();
    let mut ordered = Vec::with_capacity(pictures.len());
    for picture in pictures {
        let whole = picture.to_string_lossy();
        let name = picture.file_name().unwrap_or_default().to_string_lossy();
        let found = rows.get_key_value(&*whole).or_else(|| rows.get_key_value(&*name));
        let Some((name, row)) = found else { bail!("no line for the picture {whole}") };
        ensure!(used.insert(name), "{name} matches several pictures: give paths such as {whole}");
        ordered.push(row);
    }
    (1..header.len()).map(|column| attribute(&header[column], column, &ordered)).collect()
}

/// The attribute `name`, read from column `column` of the pictures' lines.
fn attribute(name: &str, column: usize, rows: &[&StringRecord]) -> Result<Attribute> {
    let kinds: BTreeSet<&str> = rows.iter().map(|row| &row[column]).collect();
    ensure!(
        kinds.len() <= CLASSES,
        "column \"{name}\" has {} classes, at most {CLASSES} are supported",
        kinds.len()
    );
    let classes: Vec<String> = kinds.into_iter().map(str::to_owned).collect();
    let kind = |row: &&StringRecord| classes.iter().position(|kind| *kind == row[column]);
    let values = rows.iter().filter_map(kind).collect();
    Ok(Attribute { name: name.to_owned(), classes, values })
}
