//! A CSV of labels: a header, then a line for each picture, its file's name first.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::Attribute;

/// Most kinds of one attribute: more is no label but a number or a name.
const CLASSES: usize = 64;

/// The attributes of `pictures`, by their paths in the directory or only their names.
pub(super) fn read(path: &Path, pictures: &[&Path]) -> Result<Vec<Attribute>> {
    let context = || path.display().to_string();
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).with_context(context)?;
    let header = reader.headers().with_context(context)?.clone();
    ensure!(header.len() > 1, "{}: needs a header, \"file\" and attributes", path.display());
    let mut rows = HashMap::new();
    for row in reader.records() {
        let row = row.with_context(context)?;
        rows.insert(row[0].to_owned(), row);
    }
    let mut ordered = Vec::with_capacity(pictures.len());
    for picture in pictures {
        let whole = picture.to_string_lossy();
        let name = picture.file_name().unwrap_or_default().to_string_lossy();
        match rows.get(&*whole).or_else(|| rows.get(&*name)) {
            Some(row) => ordered.push(row),
            None => bail!("{}: no line for the picture {whole}", path.display()),
        }
    }
    (1..header.len())
        .map(|column| {
            let name = header[column].to_owned();
            let kinds: BTreeSet<&str> = ordered.iter().map(|row| &row[column]).collect();
            ensure!(
                kinds.len() <= CLASSES,
                "{}: column \"{name}\" has {} kinds, at most {CLASSES} are possible",
                path.display(),
                kinds.len()
            );
            let classes: Vec<String> = kinds.into_iter().map(str::to_owned).collect();
            let at = |row: &csv::StringRecord| classes.iter().position(|kind| *kind == row[column]);
            let values = ordered.iter().filter_map(|row| at(row)).collect();
            Ok(Attribute { name, classes, values })
        })
        .collect()
}
