//! Checkpoints of a run: one directory each, either complete or absent.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use burn::module::Module;
use burn::store::ModuleRecord;
use output::file;

use super::log::Sums;
use super::numbered;
use crate::trainer::{Trainer, adam};

/// Number of checkpoints kept: the last one and the one before it.
const KEPT: usize = 2;
/// File of a checkpoint that holds the sums of [`super::log`].
const SUMS: &str = "log.json";

/// Writes a checkpoint of `trainer` under `directory` and removes the oldest ones beyond [`KEPT`].
pub(super) fn save(directory: &Path, trainer: &Trainer, sums: &Sums) -> Result<()> {
    let place = directory.join(format!("{:06}", trainer.step));
    if place.exists() {
        return Ok(());
    }
    let beside = place.with_extension("part");
    let write = || -> Result<()> {
        file::directory(&beside)?;
        // burn updates running statistics one step late; `valid` applies the pending ones.
        let record = |module: ModuleRecord| module.into_bytes().map_err(|error| anyhow!("{error}"));
        let files = [
            ("generator", record(trainer.generator.valid().into_record())?),
            ("discriminator", record(trainer.discriminator.valid().into_record())?),
            ("average", record(trainer.average.clone().into_record())?),
            ("generator.adam", trainer.generator_adam.into_bytes()?),
            ("discriminator.adam", trainer.discriminator_adam.into_bytes()?),
        ];
        for (name, bytes) in &files {
            let path = beside.join(name);
            fs::write(&path, &bytes[..]).with_context(|| path.display().to_string())?;
        }
        let sums = serde_json::to_vec(sums)?;
        fs::write(beside.join(SUMS), sums).with_context(|| beside.display().to_string())?;
        fs::rename(&beside, &place).with_context(|| place.display().to_string())
    };
    write().map_err(|error| {
        // The disk may be full: remove the partial checkpoint instead of leaving it to occupy space.
        let _ = fs::remove_dir_all(&beside);
        error.context("the checkpoint cannot be written; the previous checkpoint is intact")
    })?;
    let mut old = numbered(directory, "")?;
    old.truncate(old.len().saturating_sub(KEPT));
    for (_, path) in old {
        fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Loads the last checkpoint under `directory`, if there is one, into `trainer`; returns the log's sums.
pub(super) fn load(directory: &Path, trainer: &mut Trainer) -> Result<Sums> {
    let Some((step, place)) = numbered(directory, "")?.pop() else { return Ok(Sums::default()) };
    let read = |name: &str| -> Result<burn::tensor::Bytes> {
        let path = place.join(name);
        let bytes =
            fs::read(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
        Ok(burn::tensor::Bytes::from_bytes_vec(bytes))
    };
    let record =
        |name: &str| -> Result<ModuleRecord> { Ok(ModuleRecord::from_bytes(read(name)?)?) };
    let mut load = || -> Result<Sums> {
        trainer.generator = trainer.generator.clone().try_load_record(record("generator")?)?;
        trainer.discriminator =
            trainer.discriminator.clone().try_load_record(record("discriminator")?)?;
        trainer.average = trainer.average.clone().try_load_record(record("average")?)?;
        trainer.generator_adam = adam().from_bytes(read("generator.adam")?)?;
        trainer.discriminator_adam = adam().from_bytes(read("discriminator.adam")?)?;
        trainer.step = step;
        Ok(serde_json::from_slice(&read(SUMS)?)?)
    };
    load().with_context(|| {
        format!("{}: damaged; remove it to continue from the checkpoint before it", place.display())
    })
}
