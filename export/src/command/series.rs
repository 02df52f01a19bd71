//! Which latents a command draws.

use super::Drawn;
use anyhow::Result;
use clap::Args;
use export::latents;
use gen_core::format::write::DraftPart;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Series {
    /// Seed of the first picture; the next has the next seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Latents from a file instead: .npy of shape [n, z], or the array z of an .npz
    #[arg(long, value_name = "Z.npy", conflicts_with_all = ["seed", "count"])]
    latents: Option<PathBuf>,
}

impl Series {
    /// Latents of `parts`; `count` of them where they're drawn. Those of a label, if one is said.
    pub(crate) fn draw(
        &self,
        parts: &[DraftPart],
        drawn: &Drawn,
        count: u32,
    ) -> Result<Vec<Vec<f32>>> {
        let latent = DraftPart::latent(parts);
        let mut all = match &self.latents {
            Some(path) => latents::read(path, latent.len())?,
            None => (0..count as usize).map(|i| latents::shown(self.seed, i, &latent)).collect(),
        };
        if let Some(label) = drawn.label {
            all.iter_mut().try_for_each(|z| latents::set_label(z, parts, label))?;
        }
        Ok(all)
    }
}
