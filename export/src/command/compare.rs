//! `export compare`

use super::Label;
use super::series::Series;
use anyhow::{Result, ensure};
use clap::Args;
use export::fidelity::{Fidelity, Pair};
use export::generator::Generator;
use export::pixels::PixelRule;
use export::table;
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
    label: Label,
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

impl Compare {
    pub(crate) fn run(&self) -> Result<()> {
        let (a, b) = (self.label.load(&self.a)?, self.label.load(&self.b)?);
        let (mut a, mut b) = (Generator::new(&a, self.pixels)?, Generator::new(&b, self.pixels)?);
        ensure!(
            a.latent_len == b.latent_len && a.image == b.image,
            "{} and {} are different generators: latents of {} and {}, pictures {} and {}",
            self.a.display(),
            self.b.display(),
            a.latent_len,
            b.latent_len,
            size(a.image),
            size(b.image)
        );
        let distribution = a.distribution.or(b.distribution);
        ensure!(
            self.series.latent.is_some() || distribution == b.distribution.or(a.distribution),
            "{} and {} have different latents: say --latent normal or --latent uniform",
            self.a.display(),
            self.b.display()
        );
        let mut pairs = Vec::new();
        for z in self.series.draw(a.latent_len, distribution, self.count)? {
            let (drawn_a, drawn_b) = (a.draw(&z)?, b.draw(&z)?);
            pairs.push(Pair::of(&a.picture(&drawn_a), &b.picture(&drawn_b)));
        }
        let fidelity = Fidelity::of(&pairs);
        print!("{}", table::fidelity(&fidelity));
        println!("worst picture: number {} (from 0)", fidelity.worst);
        Ok(())
    }
}
