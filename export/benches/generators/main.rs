//! Whole pictures on one thread, latent to last pixel: the engine beside the same network in float,
//! optimised and run by tract.
//!
//! `cargo bench -p export --bench generators`. With `--out` it also writes what `cargo xtask oracles
//! --speed` puts beside ONNX Runtime.

mod engine;
mod entry;
mod float;
mod machine;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use engine::Engine;
use entry::Entry;
use export::draw::Generator;
use export::picture::Picture;
use export::picture::psnr::psnr;
use gen_core::latent::{self, Distribution};
use serde::Serialize;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long both are run, in turns of so many pictures.
const TIME: Duration = Duration::from_secs(4);
const TURN: u64 = 10;

/// Less says that the two are not the same network. Random ones are quantised without calibration.
const PSNR_FLOOR: f64 = 30.0;

/// Pictures of the engine beside tract
#[derive(Parser)]
struct Arguments {
    /// Also write figures.json and the generators' ONNX files here
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Said by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is measured of a generator.
#[derive(Serialize)]
struct Figure {
    name: String,
    /// Time of the fastest picture, in milliseconds.
    engine: f64,
    tract: f64,
}

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
    for entry in entry::all()? {
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

/// The two take turns, so that whatever else the machine does meets both; since that only adds, the
/// fastest picture counts.
fn measure(entry: &Entry) -> Result<Figure> {
    let file = entry.onnx_file()?;
    let (mut engine, mut tract) = (entry.engine()?, Generator::new(&file, None)?);
    same(&mut engine, &mut tract).with_context(|| entry.name.clone())?;
    let mut fastest = [Duration::MAX; 2];
    let (begin, mut seed) = (Instant::now(), 0);
    while begin.elapsed() < TIME {
        let latents = (seed..seed + TURN).map(|seed| latent(seed, tract.latent_len()));
        let latents: Vec<Vec<f32>> = latents.collect();
        for z in &latents {
            let start = Instant::now();
            black_box(engine.draw(black_box(z))?);
            fastest[0] = start.elapsed().min(fastest[0]);
        }
        for z in &latents {
            let start = Instant::now();
            black_box(tract.draw(black_box(z))?);
            fastest[1] = start.elapsed().min(fastest[1]);
        }
        seed += TURN;
    }
    let [engine, tract] = fastest.map(|time| time.as_secs_f64() * 1e3);
    Ok(Figure { name: entry.name.clone(), engine, tract })
}

/// Fails unless both draw the same picture, as far as eight bits go.
fn same(engine: &mut Engine<'_>, tract: &mut Generator<'_>) -> Result<()> {
    let z = latent(1, tract.latent_len());
    let drawing = tract.draw(&z)?;
    let expected = tract.picture(&drawing);
    let Picture { channels, height, width, .. } = expected;
    let got = Picture::from_interleaved(channels, height, width, engine.draw(&z)?);
    let psnr = psnr(&expected, &got);
    ensure!(psnr >= PSNR_FLOOR, "the engine and tract draw two pictures: {psnr:.1} dB");
    Ok(())
}

fn latent(seed: u64, len: usize) -> Vec<f32> {
    let mut z = vec![0.0; len];
    latent::sample(seed, Distribution::Normal, &mut z);
    z
}
