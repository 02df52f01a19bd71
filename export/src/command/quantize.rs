//! `export quantize`

use super::Drawn;
use anyhow::Result;
use clap::Args;
use export::export::{Options, export};
use export::pixels::PixelRule;
use export::{output, table};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "Examples:\n  export quantize generator.onnx -o out\n  \
    export quantize generator.onnx --latent uniform --ram-budget 65536 -o out")]
pub(crate) struct Quantize {
    /// The trained generator
    #[arg(value_name = "GEN.onnx")]
    file: PathBuf,
    /// Directory to write to
    #[arg(short, value_name = "DIR")]
    out: PathBuf,
    /// Latents to choose the ranges on
    #[arg(long, value_name = "N", default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    calibrate: u32,
    /// Seed of the latents
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    drawn: Drawn,
    /// Bits of the tensors between the layers; 8 is all there is so far
    #[arg(long, value_name = "BITS", default_value = "8", value_parser = activations)]
    activations: u8,
    /// Working memory that the engine may take: the more, the less often it reads weights from flash
    /// [default: all of them row by row]
    #[arg(long, value_name = "BYTES")]
    ram_budget: Option<usize>,
    /// Name of the model and of its files [default: the file's]
    #[arg(long)]
    name: Option<String>,
    /// Range of the pictures where they end in no activation: signed ([−1, 1]), unit, byte
    #[arg(long, value_parser = super::pixels)]
    pixels: Option<PixelRule>,
}

fn activations(text: &str) -> Result<u8, String> {
    if text == "8" { Ok(8) } else { Err("possible: 8".to_owned()) }
}

impl Quantize {
    pub(crate) fn run(&self) -> Result<()> {
        let options = Options {
            name: self.name.clone(),
            kinds: self.drawn.kinds.clone(),
            pixels: self.pixels,
            calibrate: self.calibrate as usize,
            seed: self.seed,
            activations: self.activations,
            label: self.drawn.label,
            ram_budget: self.ram_budget,
            ..Options::default()
        };
        let name = options.name(&self.file)?;
        let place = |extension: &str| self.out.join(format!("{name}.{extension}"));
        let places = [place("gen"), place("int8.onnx"), place("report.json"), place("worst.png")];
        // Better now than after minutes.
        output::directory(&self.out)?;
        output::check(&places.each_ref().map(PathBuf::as_path))?;

        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} pictures, {eta} left")?;
        let bar = ProgressBar::new(options.pictures() as u64).with_style(style);
        let result = export(&self.file, &options, &|| bar.inc(1))?;
        bar.finish_and_clear();

        let mut report = serde_json::to_vec_pretty(&result.report)?;
        report.push(b'\n');
        let [gen_file, onnx, json, worst] = places;
        let files = [
            (gen_file, &*result.gen_file),
            (onnx, &*result.onnx),
            (json, &*report),
            (worst, &*result.worst),
        ];
        output::write(&files)?;
        print!("{}", table::report(&result.report));
        for (path, _) in &files {
            println!("wrote {}", path.display());
        }
        Ok(())
    }
}
