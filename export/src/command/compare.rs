//! `export compare`

use super::Drawn;
use super::series::Series;
use anyhow::{Result, ensure};
use clap::Args;
use export::fidelity::{Fidelity, Pair};
use export::generator::{File, Generator};
use export::latents::Kind;
use export::pixels::PixelRule;
use export::{latents, table};
use gen_core::Shape;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = "Example:\n  export compare generator.onnx out/generator.gen")]
pub(crate) struct Compare {
    /// An .onnx or .gen
    a: PathBuf,
    /// Another
    b: PathBuf,
    #[command(flatten)]
    series: Series,
    #[command(flatten)]
    drawn: Drawn,
    /// Pictures to compare
    #[arg(long, value_name = "N", default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    count: u32,
    /// Range of the pictures where they end in no activation: signed ([−1, 1]), unit, byte
    #[arg(long, value_parser = super::pixels)]
    pixels: Option<PixelRule>,
}

fn size(Shape { height, width, channels }: Shape) -> String {
    format!("{height}×{width}×{channels}")
}

/// A float ONNX, of which nobody has said what its latents are drawn from, with what another file knows.
fn told(file: &File, generator: &Generator) -> Option<File> {
    let File::Onnx(source) = file else { return None };
    let mut source = source.clone();
    let graph = source.proto.graph.as_ref();
    let inputs: Vec<&str> =
        graph.iter().flat_map(|graph| &graph.input).map(|input| input.name.as_str()).collect();
    let known = generator.latent.iter().filter(|part| inputs.contains(&part.name.as_str()));
    source.kinds = known
        .map(|part| Kind { name: Some(part.name.clone()), distribution: part.distribution })
        .collect();
    Some(File::Onnx(source))
}

/// What latents are drawn from: without labels if those are `fixed`.
fn drawn(parts: &[DraftPart], fixed: bool) -> Vec<(usize, Distribution)> {
    let all = parts.iter().map(|part| (part.len, part.distribution));
    all.filter(|(_, distribution)| !fixed || *distribution != Distribution::OneHot).collect()
}

/// Parts in words.
fn list(parts: &[DraftPart]) -> String {
    let each = parts.iter().map(|part| {
        format!("\"{}\" of {}, {}", part.name, part.len, latents::name(part.distribution))
    });
    each.collect::<Vec<_>>().join(", ")
}

impl Compare {
    pub(crate) fn run(&self) -> Result<()> {
        let (file_a, file_b) = (self.drawn.load(&self.a)?, self.drawn.load(&self.b)?);
        let (told_a, told_b);
        let mut a = Generator::new(&file_a, self.pixels)?;
        let mut b = Generator::new(&file_b, self.pixels)?;
        if self.drawn.kinds.is_empty() && a.told != b.told {
            told_a = if a.told { None } else { told(&file_a, &b) };
            told_b = if b.told { None } else { told(&file_b, &a) };
            if let Some(file) = &told_a {
                a = Generator::new(file, self.pixels)?;
            }
            if let Some(file) = &told_b {
                b = Generator::new(file, self.pixels)?;
            }
        }
        ensure!(
            self.drawn.label.is_none()
                || super::takes_label(&file_a, &a)
                || super::takes_label(&file_b, &b),
            "{} and {} take no label: it was fixed when the files were made, or there is none",
            self.a.display(),
            self.b.display()
        );
        ensure!(
            a.image == b.image,
            "{} and {} are different generators: pictures {} and {}",
            self.a.display(),
            self.b.display(),
            size(a.image),
            size(b.image)
        );
        let fixed = self.drawn.label.is_some();
        ensure!(
            drawn(&a.latent, fixed) == drawn(&b.latent, fixed),
            "{} and {} have different latents: {}; and {}",
            self.a.display(),
            self.b.display(),
            list(&a.latent),
            list(&b.latent)
        );
        let mut pairs = Vec::new();
        let series = |path: &Path, of: &Generator| {
            self.series.draw(path, &of.latent, &self.drawn, self.count)
        };
        for (z_a, z_b) in series(&self.a, &a)?.iter().zip(series(&self.b, &b)?) {
            let (drawn_a, drawn_b) = (a.draw(z_a)?, b.draw(&z_b)?);
            pairs.push(Pair::of(&a.picture(&drawn_a), &b.picture(&drawn_b)));
        }
        let fidelity = Fidelity::of(&pairs);
        super::say(&table::fidelity(&fidelity))?;
        super::say(&format!("worst picture: {}\n", self.series.called(fidelity.worst)))?;
        Ok(())
    }
}
