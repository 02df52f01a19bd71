//! `export compare`: PSNR and SSIM of the pictures of two files.

use super::series::Series;
use anyhow::{Result, ensure};
use clap::Args;
use export::draw::File;
use export::latent;
use export::network::float::BATCH;
use export::picture::fidelity::{Difference, Fidelity};
use export::report::text;
use gen_core::Shape;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "Example:\n  export compare generator.onnx out/generator.gen")]
pub(crate) struct Compare {
    /// First generator, .onnx or .gen
    a: PathBuf,
    /// Second generator, .onnx or .gen
    b: PathBuf,
    #[command(flatten)]
    series: Series,
    /// Number of pictures to compare
    #[arg(long, value_name = "N", default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    count: u32,
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
        let files = [File::load(&self.a)?, File::load(&self.b)?];
        let generators = self.series.generators(&files)?;
        let (a, b, fixed) = (&generators[0], &generators[1], self.series.asked.label.is_some());
        ensure!(
            a.image == b.image,
            "{} and {} are different generators: their pictures have sizes {} and {}",
            self.a.display(),
            self.b.display(),
            size(a.image),
            size(b.image)
        );
        ensure!(
            drawn(&a.latent, fixed) == drawn(&b.latent, fixed),
            "{} and {} have different latents: {}; and {}. Give their distribution with --latent",
            self.a.display(),
            self.b.display(),
            list(&a.latent),
            list(&b.latent)
        );
        let latents_a = self.series.latents(&self.a, &a.latent, self.count)?;
        let latents_b = self.series.latents(&self.b, &b.latent, self.count)?;
        let mut pairs = Vec::new();
        for (latents_a, latents_b) in latents_a.chunks(BATCH).zip(latents_b.chunks(BATCH)) {
            let (drawn_a, drawn_b) = (a.draw_all(latents_a)?, b.draw_all(latents_b)?);
            let drawn = drawn_a.into_iter().zip(drawn_b);
            pairs
                .extend(drawn.map(|(of_a, of_b)| Difference::of(&a.pixels(of_a), &b.pixels(of_b))));
        }
        let fidelity = Fidelity::of(&pairs);
        super::say(&text::fidelity(&fidelity))?;
        super::say(&format!("worst picture: {}\n", self.series.called(fidelity.worst)))
    }
}
