//! Measures how headroom for channels with rare large values changes pictures: the study behind
//! [`equalize`](export::calibrate::equalize). Prints a Markdown table.
//!
//!     cargo run -p export --example headroom -- models/faces.onnx other.onnx@uniform

use anyhow::Result;
use export::latent::wish::{LatentKind, Wishes};
use export::pipeline::{Options, export};
use std::path::Path;

/// Number of pictures, three times as many as `export quantize` compares: the worst are rare.
const PICTURES: usize = 768;

fn main() -> Result<()> {
    println!("| generator | headroom | PSNR mean / worst | SSIM mean / worst | largest error |");
    println!("| --- | --- | --- | --- | ---: |");
    for argument in std::env::args().skip(1) {
        let (path, kind) = argument.split_once('@').unwrap_or((&argument, "normal"));
        let kind: LatentKind = kind.parse().map_err(anyhow::Error::msg)?;
        for headroom in [0.0, 1.0, 1.1, 1.2, 1.3, 1.5] {
            let wishes = Wishes { kinds: vec![kind.clone()], ..Wishes::default() };
            let options = Options { wishes, headroom, compare: PICTURES, ..Options::default() };
            let fidelity = export(Path::new(path), &options, &|| ())?.report.fidelity;
            println!(
                "| {path} | {headroom} | {:.1} / {:.1} dB | {:.4} / {:.4} | {} |",
                fidelity.psnr_mean,
                fidelity.psnr_worst,
                fidelity.ssim_mean.unwrap_or(f64::NAN),
                fidelity.ssim_worst.unwrap_or(f64::NAN),
                fidelity.largest_difference
            );
        }
    }
    Ok(())
}
