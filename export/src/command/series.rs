//! Which latents a command draws.

use anyhow::Result;
use clap::Args;
use export::latents;
use gen_core::latent::Distribution;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Series {
    /// Seed of the first picture; the next has the next seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Latents from a file instead: .npy of shape [n, z], or the array z of an .npz
    #[arg(long, value_name = "Z.npy", conflicts_with_all = ["seed", "count"])]
    latents: Option<PathBuf>,
    /// What seeded latents are drawn from, where the file doesn't say: normal or uniform
    #[arg(long, value_parser = super::distribution)]
    pub(crate) latent: Option<Distribution>,
}

impl Series {
    /// The latents, of `len` elements; `count` of them where they're drawn.
    pub(crate) fn draw(
        &self,
        len: usize,
        distribution: Option<Distribution>,
        count: u32,
    ) -> Result<Vec<Vec<f32>>> {
        if let Some(path) = &self.latents {
            return latents::read(path, len);
        }
        let distribution = self.latent.or(distribution).unwrap_or(Distribution::Normal);
        let latent = |index| latents::shown(self.seed, index, distribution, len);
        Ok((0..count as usize).map(latent).collect())
    }
}
