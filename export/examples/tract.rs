//! Draws a file of latents with a quantised ONNX in tract, after the passes `typed` or `optimised`, and writes the
//! pictures as `.npy`. `cargo xtask oracles` compares them with the engine's.
//!
//!     cargo run -p export --example tract -- out/faces.int8.onnx typed z.npy pictures.npy

use anyhow::{Context, Result, bail};
use export::draw::{Generator, npy};
use export::latent::file;
use export::latent::wish::Wishes;
use export::onnx::run::Passes;
use export::onnx::source::Source;
use output::file as written;
use std::path::Path;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [onnx, passes, latents, pictures] = &arguments[..] else {
        bail!("tract NAME.int8.onnx typed|optimised LATENTS.npy PICTURES.npy");
    };
    let passes = match passes.as_str() {
        "typed" => Passes::Typed,
        "optimised" => Passes::Optimised,
        other => bail!("unknown passes \"{other}\": possible are typed and optimised"),
    };
    let source = Source::load(Path::new(onnx))?;
    let generator = Generator::quantised(&source, &Wishes::default(), passes)?;
    let latents = file::read(Path::new(latents), generator.latent_len())?;
    let drawings = latents.iter().map(|z| generator.draw(z)).collect::<Result<Vec<_>>>();
    let bytes = npy::encode(&drawings.context("cannot draw")?, generator.image)?;
    written::write(&[(pictures.into(), &bytes)])
}
