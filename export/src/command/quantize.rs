//! `export quantize`

use super::Asked;
use anyhow::Result;
use clap::Args;
use export::picture::pixel_rule::PixelRule;
use export::pipeline::{Options, export};
use export::quantize::mix::Goal;
use export::report::text;
use indicatif::{ProgressBar, ProgressStyle};
use output::file;
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
    asked: Asked,
    /// Bits of the tensors between the layers, 8 or 12; 12 take up to twice the working memory, and up to half more
    /// time
    #[arg(long, value_name = "BITS", default_value = "8", value_parser = bits)]
    activations: u8,
    /// Bits of the weights, 8 or 12; 12 take twice the flash and the time
    #[arg(long, value_name = "BITS", default_value = "8", value_parser = bits)]
    weights: u8,
    /// Least mean PSNR: weights and tensors get 12 bits where that costs least for what it gains
    #[arg(long, value_name = "DB", value_parser = decibels, conflicts_with_all = ["activations", "weights"])]
    target_psnr: Option<f64>,
    /// Most flash for the .gen, in KB of 1024 bytes: weights and tensors get 12 bits as far as they fit and gain
    #[arg(long, value_name = "KB", conflicts_with_all = ["activations", "weights"])]
    budget_flash: Option<usize>,
    /// Another quantised ONNX beside the exact one: qdq, NAME.qdq.onnx, float operators between QuantizeLinear and
    /// DequantizeLinear
    #[arg(long, value_name = "FORM", value_parser = ["qdq"])]
    onnx: Option<String>,
    /// An ONNX that takes pictures, with the values that the generator gives them, and gives features or classes: the
    /// report has the Fréchet distance too
    #[arg(long, value_name = "NET.onnx")]
    classifier: Option<PathBuf>,
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
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

fn bits(text: &str) -> Result<u8, String> {
    match text {
        "8" => Ok(8),
        "12" => Ok(12),
        _ => Err("possible: 8, 12".to_owned()),
    }
}

fn decibels(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(decibels) if (1.0..100.0).contains(&decibels) => Ok(decibels),
        _ => Err("possible: 1 to 99.9".to_owned()),
    }
}

impl Quantize {
    pub(crate) fn run(&self) -> Result<()> {
        let options = Options {
            name: self.name.clone(),
            wishes: self.asked.wishes(),
            pixels: self.pixels,
            calibrate: self.calibrate as usize,
            seed: self.seed,
            activations: self.activations,
            weights: self.weights,
            goal: Goal {
                psnr: self.target_psnr,
                flash: self.budget_flash.map(|kilobytes| kilobytes.saturating_mul(1024)),
            },
            classifier: self.classifier.clone(),
            qdq: self.onnx.is_some(),
            ram_budget: self.ram_budget,
            ..Options::default()
        };
        let name = options.name(&self.file)?;
        let place = |extension: &str| self.out.join(format!("{name}.{extension}"));
        let mut places =
            vec![place("gen"), place("int8.onnx"), place("report.json"), place("worst.png")];
        if options.qdq {
            places.push(place("qdq.onnx"));
        }
        // Better now than after minutes.
        file::directory(&self.out)?;
        file::check(&places.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;

        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} pictures, {eta} left")?;
        let bar = ProgressBar::new(options.pictures() as u64).with_style(style);
        let result = export(&self.file, &options, &|| bar.inc(1))?;
        bar.finish_and_clear();

        let report = serde_json::to_string_pretty(&result.report)? + "\n";
        let contents = [&*result.gen_file, &*result.onnx, report.as_bytes(), &*result.worst];
        let contents = contents.into_iter().chain(result.qdq.as_deref());
        let files: Vec<(PathBuf, &[u8])> = places.into_iter().zip(contents).collect();
        file::write(&files)?;
        if self.json {
            return super::say(&report);
        }
        super::say(&text::report(&result.report))?;
        for (path, _) in &files {
            super::say(&format!("wrote {}\n", path.display()))?;
        }
        let stale = place("qdq.onnx");
        if !options.qdq && stale.exists() {
            super::say(&format!(
                "{} is of another run: --onnx qdq writes it again\n",
                stale.display()
            ))?;
        }
        Ok(())
    }
}
