//! `export sample`: pictures as a NumPy array or a PNG.

use super::series::Series;
use anyhow::Result;
use clap::{ArgGroup, Args};
use export::draw::{File, npy};
use export::picture::sheet;
use output::file;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = "Example:\n  export sample generator.onnx --count 64 --png sheet.png")]
#[command(group = ArgGroup::new("written").required(true).multiple(true).args(["npy", "png"]))]
pub(crate) struct Sample {
    /// Generator, .onnx (float32, or quantised by export) or .gen
    file: PathBuf,
    #[command(flatten)]
    series: Series,
    /// Number of pictures to draw
    #[arg(long, value_name = "N", default_value_t = 16,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: u32,
    /// Write the pictures as an array of shape [n, channels, height, width]
    #[arg(long, value_name = "OUT.npy")]
    npy: Option<PathBuf>,
    /// Write all pictures into one PNG
    #[arg(long, value_name = "SHEET.png")]
    png: Option<PathBuf>,
}

impl Sample {
    pub(crate) fn run(&self) -> Result<()> {
        let places: Vec<&Path> =
            [&self.npy, &self.png].into_iter().flatten().map(PathBuf::as_path).collect();
        file::check(&places)?;
        let files = [File::load(&self.file)?];
        let generator = &self.series.generators(&files)?[0];
        let latents = self.series.latents(&self.file, &generator.latent, self.count)?;
        let drawings = generator.draw_all(&latents)?;

        let mut files = Vec::new();
        if let Some(path) = &self.npy {
            files.push((path.clone(), npy::encode(&drawings, generator.image)?));
        }
        if let Some(path) = &self.png {
            let pictures: Vec<_> = drawings.into_iter().map(|d| generator.pixels(d)).collect();
            files.push((path.clone(), sheet::encode(&pictures)?));
        }
        let borrowed: Vec<_> = files.iter().map(|(path, bytes)| (path.clone(), &**bytes)).collect();
        file::write(&borrowed)
    }
}
