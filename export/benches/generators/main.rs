//! Times whole pictures on one thread, from the latent to the last pixel: by the engine, and by tract running the same
//! network in float, optimised.
//!
//! `cargo bench -p export --bench generators`. With `--out` it also writes the figures and ONNX files that
//! `cargo xtask oracles --speed` compares with ONNX Runtime.

mod float;
mod machine;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use export::draw::Generator;
use export::latent;
use export::latent::wish::Wishes;
use export::onnx::source::Source;
use export::picture::psnr::psnr;
use gen_core::format::write::DraftPart;
use reference::{REFERENCES, SHIPPED};
use serde::Serialize;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Time for which each generator is measured.
const TIME: Duration = Duration::from_secs(4);
/// Pictures that one of the two draws before the other's turn.
const TURN: usize = 10;

/// Least PSNR, in dB, of two pictures of the same network. It is low since random networks are quantised without
/// calibration.
const PSNR_FLOOR: f64 = 30.0;

/// Compare the engine's time per picture with tract's
#[derive(Parser)]
struct Arguments {
    /// Also write figures.json and the generators' ONNX files here
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// The measured times of a generator.
#[derive(Serialize)]
struct Figure {
    name: String,
    /// Time of the engine's fastest picture, in milliseconds.
    engine: f64,
    /// Time of tract's fastest picture, in milliseconds.
    tract: f64,
}

/// The content of `figures.json`.
#[derive(Serialize)]
struct Figures {
    machine: String,
    generators: Vec<Figure>,
}

fn main() -> Result<()> {
    let Arguments { out, .. } = Arguments::parse();
    if let Some(out) = &out {
        fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    }
    let machine = machine::describe()?;
    println!("{machine}\nfastest picture, milliseconds, one thread\n");
    println!("{:<20}{:>9}{:>9}{:>15}", "", "engine", "tract", "tract / engine");
    let mut generators = Vec::new();
    for entry in all()? {
        let figure = measure(&entry)?;
        let Figure { name, engine, tract } = &figure;
        println!("{name:<20}{engine:>9.3}{tract:>9.3}{:>15.2}", tract / engine);
        if let Some(out) = &out {
            let path = out.join(format!("{name}.onnx"));
            fs::write(&path, &entry.onnx)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        generators.push(figure);
    }
    if let Some(out) = out {
        let path = out.join("figures.json");
        let json = serde_json::to_vec(&Figures { machine, generators })?;
        fs::write(&path, json).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// A generator as a `.gen` file and as a float ONNX.
struct Entry {
    /// Its name.
    name: String,
    /// The `.gen` file.
    gen_file: Vec<u8>,
    /// The ONNX file.
    onnx: Vec<u8>,
}

/// All generators, from the smallest: the shipped ones, then the random ones.
fn all() -> Result<Vec<Entry>> {
    let shipped = SHIPPED.iter().map(|name| {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        let read = |kind| {
            let path = models.join(format!("{name}.{kind}"));
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(Entry { name: (*name).into(), gen_file: read("gen")?, onnx: read("onnx")? })
    });
    // Variants that compute more layers whole are the same network in float, so they are left out.
    let references = REFERENCES.iter().filter(|reference| reference.whole == 0).map(|reference| {
        let draft = reference.draft();
        let (gen_file, onnx) = (draft.to_bytes()?, float::encode(&draft));
        Ok(Entry { name: reference.name.into(), gen_file, onnx })
    });
    shipped.chain(references).collect()
}

/// Measures the fastest picture of the engine and of tract. They take turns, so that other work of the machine slows
/// down both. Other work only adds time, so the fastest picture counts.
///
/// # Errors
///
/// If one cannot draw, or the PSNR of their pictures is below [`PSNR_FLOOR`].
fn measure(entry: &Entry) -> Result<Figure> {
    let engine = Generator::gen_file(&entry.gen_file)?;
    let source = Source::decode(format!("{}.onnx", entry.name).as_ref(), &entry.onnx)?;
    let tract = Generator::onnx(&source, &Wishes::default(), None)?;
    let latent = DraftPart::latent(&engine.latent);
    let z = latent::shown(1, 0, &latent);
    let psnr = psnr(&tract.picture(&z)?, &engine.picture(&z)?);
    let name = entry.name.clone();
    ensure!(psnr >= PSNR_FLOOR, "{name}: engine and tract draw different pictures: {psnr:.1} dB");
    let mut fastest = [Duration::MAX; 2];
    let (begin, mut seed) = (Instant::now(), 0);
    while begin.elapsed() < TIME {
        let latents: Vec<_> = (0..TURN).map(|i| latent::shown(seed, i, &latent)).collect();
        for (generator, fastest) in [&engine, &tract].into_iter().zip(&mut fastest) {
            for z in &latents {
                let start = Instant::now();
                black_box(generator.draw(black_box(z))?);
                *fastest = start.elapsed().min(*fastest);
            }
        }
        seed += TURN as u64;
    }
    let [engine, tract] = fastest.map(|time| time.as_secs_f64() * 1e3);
    Ok(Figure { name, engine, tract })
}
