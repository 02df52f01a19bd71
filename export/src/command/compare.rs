//! `export compare`: PSNR and SSIM of the pictures of two files.

use super::Asked;
use super::series::Series;
use anyhow::{Result, ensure};
use clap::Args;
use export::draw::{File, Generator};
use export::latent;
use export::picture::fidelity::{Fidelity, Pair};
use export::picture::pixel_rule::PixelRule;
use export::report::text;
use gen_core::Shape;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = "Example:\n  export compare generator.onnx out/generator.gen")]
pub(crate) struct Compare {
    /// First generator, .onnx or .gen
    a: PathBuf,
    /// Second generator, .onnx or .gen
    b: PathBuf,
    #[command(flatten)]
    series: Series,
    #[command(flatten)]
    asked: Asked,
    /// Number of pictures to compare
    #[arg(long, value_name = "N", default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    count: u32,
    /// Range of the output values, if the last activation does not fix it: signed ([−1, 1]), unit ([0, 1]) or byte
    /// ([0, 255])
    #[arg(long, value_parser = super::pixels)]
    pixels: Option<PixelRule>,
}

fn size(Shape { height, width, channels }: Shape) -> String {
    format!("{height}×{width}×{channels}")
}

/// Length and distribution of each part; without labels if the label is `fixed`.
fn drawn(parts: &[DraftPart], fixed: bool) -> Vec<(usize, Distribution)> {
    let all = parts.iter().map(|part| (part.len, part.distribution));
    all.filter(|(_, distribution)| !fixed || *distribution != Distribution::OneHot).collect()
}

/// Name, length and distribution of each part as text.
fn list(parts: &[DraftPart]) -> String {
    let each = parts.iter().map(|part| {
        format!("\"{}\" of {}, {}", part.name, part.len, latent::name(part.distribution))
    });
    each.collect::<Vec<_>>().join(", ")
}

impl Compare {
    pub(crate) fn run(&self) -> Result<()> {
        let (file_a, file_b) = (File::load(&self.a)?, File::load(&self.b)?);
        let wishes = self.asked.wishes();
        let a = Generator::new(&file_a, &wishes, self.pixels)?;
        let b = Generator::new(&file_b, &wishes, self.pixels)?;
        ensure!(
            wishes.label.is_none() || a.takes_label() || b.takes_label(),
            "{} and {} take no label: it was fixed when the files were made, or there is none",
            self.a.display(),
            self.b.display()
        );
        ensure!(
            a.image == b.image,
            "{} and {} are different generators: their pictures have sizes {} and {}",
            self.a.display(),
            self.b.display(),
            size(a.image),
            size(b.image)
        );
        let fixed = wishes.label.is_some();
        ensure!(
            drawn(&a.latent, fixed) == drawn(&b.latent, fixed),
            "{} and {} have different latents: {}; and {}. Give their distribution with --latent",
            self.a.display(),
            self.b.display(),
            list(&a.latent),
            list(&b.latent)
        );
        let mut pairs = Vec::new();
        let series = |path: &Path, of: &Generator| {
            self.series.draw(path, &of.latent, &self.asked, self.count)
        };
        for (z_a, z_b) in series(&self.a, &a)?.iter().zip(series(&self.b, &b)?) {
            pairs.push(Pair::of(&a.picture(z_a)?, &b.picture(&z_b)?));
        }
        let fidelity = Fidelity::of(&pairs);
        super::say(&text::fidelity(&fidelity))?;
        super::say(&format!("worst picture: {}\n", self.series.called(fidelity.worst)))?;
        Ok(())
    }
}
