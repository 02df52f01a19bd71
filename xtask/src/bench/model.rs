//! The models that are measured: those that are shipped, and the references.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use output::file;

use super::reference::REFERENCES;
use crate::{firmware, step, workspace};

/// Those of `models/`.
pub const SHIPPED: [&str; 2] = ["faces", "fashion"];

/// Names of all, in the order of the table's rows.
pub fn names() -> Vec<&'static str> {
    SHIPPED.into_iter().chain(REFERENCES.iter().map(|reference| reference.name)).collect()
}

/// The file of the model of this name. A reference is made.
///
/// # Errors
///
/// If there is no such model or its file cannot be written.
pub fn file(name: &str) -> Result<PathBuf> {
    let Some(reference) = REFERENCES.iter().find(|reference| reference.name == name) else {
        return firmware::model(name).map_err(|why| anyhow!("{name}: {why}"));
    };
    let directory = workspace::target_directory()?.join("bench");
    let path = directory.join(format!("{name}.gen"));
    let bytes = step::job(&format!("model, {name}"), || Ok(reference.draft().to_bytes()?))?;
    file::directory(&directory)?;
    file::replace(&path, &bytes)?;
    Ok(path)
}
