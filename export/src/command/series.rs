//! Which latents a command draws.

use super::Drawn;
use anyhow::{Context, Result};
use clap::Args;
use export::latent;
use gen_core::format::write::DraftPart;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Series {
    /// Seed of the first picture; the next has the next seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Latents from a file instead: .npy of shape [n, z], or the array z of an .npz; z is all parts, as
    /// `inspect` has them
    #[arg(long, value_name = "Z.npy", conflicts_with_all = ["seed", "count"])]
    latents: Option<PathBuf>,
}

impl Series {
    /// What somebody calls picture `index` by.
    pub(crate) fn called(&self, index: usize) -> String {
        match &self.latents {
            Some(_) => format!("number {index} (from 0)"),
            None => format!("seed {}", self.seed.wrapping_add(index as u64)),
        }
    }

    /// Latents of `parts`; `count` of them where they're drawn. Those of a label, if one is said.
    pub(crate) fn draw(
        &self,
        file: &Path,
        parts: &[DraftPart],
        drawn: &Drawn,
        count: u32,
    ) -> Result<Vec<Vec<f32>>> {
        let latent = DraftPart::latent(parts);
        let mut all = match &self.latents {
            Some(path) => latent::read(path, latent.len())?,
            None => (0..count as usize).map(|i| latent::shown(self.seed, i, &latent)).collect(),
        };
        if let Some(label) = drawn.label {
            all.iter_mut()
                .try_for_each(|z| latent::set_label(z, parts, label))
                .with_context(|| file.display().to_string())?;
        }
        Ok(all)
    }
}
