//! `export compare`

use super::Drawn;
use super::series::Series;
use anyhow::{Result, ensure};
use clap::Args;
use export::fidelity::{Fidelity, Pair};
use export::generator::Generator;
use export::pixels::PixelRule;
use export::{latents, table};
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use gen_core::shape::Shape;
use std::path::PathBuf;

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

/// Takes the other's distributions where the parts are the same.
fn adopt(parts: &mut [DraftPart], others: &[DraftPart]) {
    for (part, other) in parts.iter_mut().zip(others).filter(|(part, other)| part.len == other.len)
    {
        part.distribution = other.distribution;
    }
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
        let (a, b) = (self.drawn.load(&self.a)?, self.drawn.load(&self.b)?);
        let (mut a, mut b) = (Generator::new(&a, self.pixels)?, Generator::new(&b, self.pixels)?);
        ensure!(
            a.image == b.image,
            "{} and {} are different generators: pictures {} and {}",
            self.a.display(),
            self.b.display(),
            size(a.image),
            size(b.image)
        );
        let said = !self.drawn.kinds.is_empty();
        match (a.told || said, b.told || said) {
            (false, true) => adopt(&mut a.latent, &b.latent),
            (true, false) => adopt(&mut b.latent, &a.latent),
            _ => {}
        }
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
        let series = |of: &Generator| self.series.draw(&of.latent, &self.drawn, self.count);
        for (z_a, z_b) in series(&a)?.iter().zip(series(&b)?) {
            let (drawn_a, drawn_b) = (a.draw(z_a)?, b.draw(&z_b)?);
            pairs.push(Pair::of(&a.picture(&drawn_a), &b.picture(&drawn_b)));
        }
        let fidelity = Fidelity::of(&pairs);
        print!("{}", table::fidelity(&fidelity));
        println!("worst picture: number {} (from 0)", fidelity.worst);
        Ok(())
    }
}
