//! What a run was asked to do: `run.json`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use output::file;
use output::number::hexadecimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::{Dataset, Reading};
use crate::options::Options;

/// What a run was asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Where the pictures are: an absolute path.
    pub data: PathBuf,
    /// Whether pictures of other sizes are cropped and resized.
    pub resize: bool,
    /// A CSV of labels that isn't the data's own: an absolute path.
    pub labels: Option<PathBuf>,
    /// SHA-256 of the pictures' pixels and labels.
    pub sha256: String,
    /// Licence of the data.
    pub licence: Option<String>,
    /// The networks and how they learn.
    pub options: Options,
    /// Steps in all.
    pub steps: u64,
    /// Steps between two sheets, verdicts and checkpoints.
    pub interval: u64,
    /// Threads: sums are taken in another order on another number of them.
    pub threads: usize,
}

impl Plan {
    /// Reads `directory`'s `run.json`.
    ///
    /// # Errors
    /// If there is none, or it isn't one that can be gone on with.
    pub fn load(directory: &Path) -> Result<Self> {
        let path = directory.join("run.json");
        let name = || path.display().to_string();
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{}: cannot be read: is it a run?", path.display()))?;
        let plan: Self = serde_json::from_str(&text).with_context(name)?;
        plan.options.check().with_context(name)?;
        ensure!(
            plan.interval > 0 && (1..=1024).contains(&plan.threads),
            "{}: interval and threads must be at least 1",
            path.display()
        );
        Ok(plan)
    }

    /// Writes `directory`'s `run.json`.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn save(&self, directory: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        file::write(&[(directory.join("run.json"), text.as_bytes())])
    }

    /// Whether `dataset` is what the run began with.
    ///
    /// # Errors
    /// If it isn't.
    pub fn check(&self, dataset: &Dataset) -> Result<()> {
        let data = self.data.display();
        ensure!(
            digest(dataset) == self.sha256,
            "{data}: not the pictures and labels that the run began with"
        );
        Ok(())
    }

    /// How its pictures are read.
    pub fn reading(&self) -> Reading {
        Reading {
            size: Some(self.options.network.size),
            channels: Some(self.options.network.channels),
            resize: self.resize,
            labels: self.labels.clone(),
        }
    }
}

/// SHA-256 of a data set's pixels and labels.
pub fn digest(dataset: &Dataset) -> String {
    let mut digest = Sha256::new();
    digest.update(&dataset.pixels);
    for attribute in &dataset.attributes {
        digest.update(format!("{attribute:?}"));
    }
    hexadecimal(&digest.finalize())
}
