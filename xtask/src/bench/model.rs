//! The measured models: the shipped ones and the references.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use emulator::model;
use output::file;
use reference::{REFERENCES, SHIPPED};
use setup::{step, workspace};

/// Names of all models, in the order of the table's rows.
pub fn names() -> Vec<&'static str> {
    SHIPPED.into_iter().chain(REFERENCES.iter().map(|reference| reference.name)).collect()
}

/// Path of the model's file; a reference model is generated first.
///
/// # Errors
///
/// If there is no such model or its file cannot be written.
pub fn file(name: &str) -> Result<PathBuf> {
    let Some(reference) = REFERENCES.iter().find(|reference| reference.name == name) else {
        return model::find(name).map_err(|why| anyhow!("{name}: {why}"));
    };
    let directory = workspace::target_directory()?.join("bench");
    let path = directory.join(format!("{name}.gen"));
    let bytes = step::job(&format!("model, {name}"), || Ok(reference.draft().to_bytes()?))?;
    file::directory(&directory)?;
    file::replace(&path, &bytes)?;
    Ok(path)
}
