//! `run.json`: the settings of a run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use output::file;
use output::number::hexadecimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::{Dataset, Reading};
use crate::options::Options;

/// The settings of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Absolute path of the pictures.
    pub data: PathBuf,
    /// Whether pictures of other sizes are cropped and resized.
    pub resize: bool,
    /// Absolute path of a CSV of labels, if it is not the data's own.
    pub labels: Option<PathBuf>,
    /// SHA-256 of the pictures' pixels and labels.
    pub sha256: String,
    /// Name of the attribute that conditional networks draw by.
    #[serde(default)]
    pub condition: Option<String>,
    /// Licence of the data.
    pub licence: Option<String>,
    /// The networks and how they are trained.
    pub options: Options,
    /// Total number of steps.
    pub steps: u64,
    /// Steps between two checkpoints, each with a sheet and a judgement of quality.
    pub interval: u64,
    /// Number of threads. It does not change the results.
    pub threads: usize,
}

impl Plan {
    /// Reads `run.json` of `directory`.
    ///
    /// # Errors
    ///
    /// If the file does not exist, or holds settings that cannot be continued.
    pub fn load(directory: &Path) -> Result<Self> {
        let path = directory.join("run.json");
        let name = || path.display().to_string();
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{}: cannot be read: is it a run?", path.display()))?;
        let plan: Self = serde_json::from_str(&text).with_context(name)?;
        plan.options.check().with_context(name)?;
        ensure!(
            plan.interval > 0 && (1..=1024).contains(&plan.threads),
            "{}: interval must be at least 1 and threads 1 to 1024",
            path.display()
        );
        Ok(plan)
    }

    /// Writes `run.json` of `directory`.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn save(&self, directory: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        file::write(&[(directory.join("run.json"), text.as_bytes())])
    }

    /// Checks that `dataset` is the data that the run began with.
    ///
    /// # Errors
    ///
    /// If its pixels or labels differ.
    pub fn check(&self, dataset: &Dataset) -> Result<()> {
        let data = self.data.display();
        ensure!(
            digest(dataset) == self.sha256,
            "{data}: not the pictures and labels that the run began with"
        );
        Ok(())
    }

    /// How the run's pictures are read.
    pub fn reading(&self) -> Reading {
        Reading {
            size: Some(self.options.network.size),
            channels: Some(self.options.network.channels),
            resize: self.resize,
            labels: self.labels.clone(),
        }
    }
}

/// SHA-256 of a data set's pixels and labels, in hexadecimal.
pub fn digest(dataset: &Dataset) -> String {
    let mut digest = Sha256::new();
    digest.update(&dataset.pixels);
    for attribute in &dataset.attributes {
        digest.update(format!("{attribute:?}"));
    }
    hexadecimal(&digest.finalize())
}
