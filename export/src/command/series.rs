//! The series of pictures that `sample` and `compare` draw: from a seed on, or of latents in a file.

use super::Asked;
use anyhow::{Context, Result, ensure};
use clap::Args;
use export::draw::{File, Generator};
use export::latent;
use export::latent::wish;
use export::picture::pixel_rule::PixelRule;
use gen_core::format::write::DraftPart;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Series {
    /// Seed of the first picture; each further picture has the next seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Read the latents from a file instead: .npy of shape [n, z], or the array z of an .npz; z is the length of all
    /// parts together, in the order that `export inspect` shows
    #[arg(long, value_name = "Z.npy", conflicts_with_all = ["seed", "count"])]
    latents: Option<PathBuf>,
    #[command(flatten)]
    pub(super) asked: Asked,
    /// Range of the output values, if the last activation does not fix it: signed ([−1, 1]), unit ([0, 1]) or byte
    /// ([0, 255])
    #[arg(long, value_parser = super::pixels)]
    pixels: Option<PixelRule>,
}

impl Series {
    /// Picture `index` in words: its seed, or its number in the file of latents.
    pub(crate) fn called(&self, index: usize) -> String {
        match &self.latents {
            Some(_) => format!("number {index} (from 0)"),
            None => format!("seed {}", self.seed.wrapping_add(index as u64)),
        }
    }

    /// Prepares the generators in `files` with the label, distributions and pixel rule that are asked for.
    ///
    /// # Errors
    ///
    /// If a file is malformed or can't be converted, or what is asked for does not fit it; `--label` and `--pixels` if
    /// they change nothing for any of the files.
    pub(crate) fn generators<'f>(&self, files: &'f [File]) -> Result<Vec<Generator<'f>>> {
        let is_float = |file: &File| matches!(file, File::Onnx(it) if !it.is_quantised());
        ensure!(
            self.pixels.is_none() || files.iter().any(is_float),
            "--pixels changes nothing here: only a float ONNX needs it"
        );
        for (option, given) in
            [("--output", self.asked.output.is_some()), ("--shape", self.asked.shape.is_some())]
        {
            ensure!(
                !given || files.iter().any(is_float),
                "{option} changes nothing here: only a float ONNX needs it"
            );
        }
        let generator = |file| Generator::new(file, &self.asked.wishes(), self.pixels);
        let generators = files.iter().map(generator).collect::<Result<Vec<_>>>()?;
        for (file, generator) in files.iter().zip(&generators) {
            super::note(file.path(), &generator.notes);
        }
        ensure!(
            self.asked.label.is_none() || generators.iter().any(Generator::takes_label),
            "--label changes nothing here: the label was fixed when the file was made, or there is none"
        );
        Ok(generators)
    }

    /// The latents, in the layout of `parts`: those of the file of latents, or else `count` from the seed on. A label
    /// that is asked for replaces the label of each. `file` is the generator's path, for messages.
    ///
    /// # Errors
    ///
    /// If the file of latents can't be read or has another length, or a part has fewer labels.
    pub(crate) fn latents(
        &self,
        file: &Path,
        parts: &[DraftPart],
        count: u32,
    ) -> Result<Vec<Vec<f32>>> {
        let latent = DraftPart::latent(parts);
        let mut all = match &self.latents {
            Some(path) => latent::file::read(path, latent.len())?,
            None => (0..count as usize).map(|i| latent::shown(self.seed, i, &latent)).collect(),
        };
        if let Some(label) = self.asked.label {
            all.iter_mut()
                .try_for_each(|z| wish::set_label(z, parts, label))
                .with_context(|| file.display().to_string())?;
        }
        Ok(all)
    }
}
