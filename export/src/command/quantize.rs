//! `export quantize`: an ONNX becomes a `.gen`, a quantised ONNX, a report and a sheet of pictures.

use super::Asked;
use anyhow::Result;
use clap::Args;
use export::import::verify::Check;
use export::picture::pixel_rule::PixelRule;
use export::pipeline::{Options, export};
use export::quantize::mix::Goal;
use export::report::text;
use indicatif::{ProgressBar, ProgressStyle};
use output::file;
use std::path::PathBuf;

#[derive(Args)]
#[command(
    after_help = "The printed tables explain their columns; export inspect --help has those of the layers.\n\n\
    Examples:\n  export quantize generator.onnx -o out\n  \
    export quantize generator.onnx --latent uniform --ram-budget 65536 -o out"
)]
pub(crate) struct Quantize {
    /// Trained generator
    #[arg(value_name = "GEN.onnx")]
    file: PathBuf,
    /// Directory to write to
    #[arg(short, value_name = "DIR")]
    out: PathBuf,
    /// Number of latents on which the ranges are chosen
    #[arg(long, value_name = "N", default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    calibrate: u32,
    /// Seed of the latents, in calibration and comparison
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    asked: Asked,
    /// Bits of the tensors between the layers, 8 or 12; 12 bits take up to twice the working memory and up to 1.5
    /// times the time [default: 8, and 12 for some if the pictures would be under 38 dB on average or 30 at worst]
    #[arg(long, value_name = "BITS", value_parser = bits)]
    activations: Option<u8>,
    /// Bits of the weights, 8 or 12; 12 bits take twice the flash and twice the time [default: as --activations]
    #[arg(long, value_name = "BITS", value_parser = bits)]
    weights: Option<u8>,
    /// Minimum mean PSNR in dB. Layers that gain most per cost get 12 bits until it is reached
    #[arg(long, value_name = "DB", value_parser = decibels, conflicts_with_all = ["activations", "weights"])]
    target_psnr: Option<f64>,
    /// Maximum size of the .gen. Weights and tensors get 12 bits if they fit and the pictures gain
    #[arg(long, alias = "budget-flash", value_name = "KiB", conflicts_with_all = ["activations", "weights"])]
    flash_budget: Option<usize>,
    /// Also write a second quantised ONNX: qdq is NAME.qdq.onnx, float operators between QuantizeLinear and
    /// DequantizeLinear
    #[arg(long, value_name = "FORM", value_parser = ["qdq"])]
    onnx: Option<String>,
    /// Add the Fréchet distance to the report, in the features of this ONNX: it takes pictures in the generator's
    /// output values and gives features or classes
    #[arg(long, value_name = "NET.onnx")]
    classifier: Option<PathBuf>,
    /// Maximum working memory of the engine: with more, it reads weights from flash less often
    /// [default: all layers row by row]
    #[arg(long, value_name = "BYTES")]
    ram_budget: Option<usize>,
    /// Name of the model and of its files [default: the ONNX file's]
    #[arg(long)]
    name: Option<String>,
    /// Range of the output values, if the last activation does not fix it: signed ([−1, 1]), unit ([0, 1]) or byte
    /// ([0, 255])
    #[arg(long, value_parser = super::pixels)]
    pixels: Option<PixelRule>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Parses a number of bits.
fn bits(text: &str) -> Result<u8, String> {
    match text {
        "8" => Ok(8),
        "12" => Ok(12),
        _ => Err("possible: 8, 12".to_owned()),
    }
}

/// Parses a PSNR in dB.
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
                worst: None,
                flash: self.flash_budget.map(|kib| kib.saturating_mul(1024)),
            },
            classifier: self.classifier.clone(),
            qdq: self.onnx.is_some(),
            ram_budget: self.ram_budget,
            ..Options::default()
        };
        let name = options.name(&self.file)?;
        let place = |extension: &str| self.out.join(format!("{name}.{extension}"));
        let mut places = ["gen", "int8.onnx", "report.json", "worst.png"].map(&place).to_vec();
        if options.qdq {
            places.push(place("qdq.onnx"));
        }
        // Checked now: the export takes minutes.
        file::directory(&self.out)?;
        file::check(&places.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;

        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} pictures, {eta} left")?;
        let bar = ProgressBar::new(options.pictures() as u64).with_style(style);
        let result = export(&self.file, &options, &|| bar.inc(1))?;
        bar.finish_and_clear();

        if let import @ Check::Differs(_) = &result.report.import {
            eprint!("warning: {}", text::import(import).trim_start());
        }
        if let Some(notice) = text::notice(&result.report) {
            eprint!("{notice}");
        }
        let report = serde_json::to_string_pretty(&result.report)? + "\n";
        let contents = [&*result.gen_file, &*result.onnx, report.as_bytes(), &*result.worst];
        let contents = contents.into_iter().chain(result.qdq.as_deref());
        let files: Vec<(PathBuf, &[u8])> = places.into_iter().zip(contents).collect();
        file::write(&files)?;
        if self.json {
            return super::say(&report);
        }
        super::say(&text::report(&result.report, &place("worst.png")))?;
        for (path, _) in &files {
            super::say(&format!("wrote {}\n", path.display()))?;
        }
        let stale = place("qdq.onnx");
        if !options.qdq && stale.exists() {
            let stale = stale.display();
            super::say(&format!("{stale} is from another run: --onnx qdq updates it\n"))?;
        }
        Ok(())
    }
}
