//! Latents, walks and raw picture bytes on emulated chips (Cortex-M3, M4, M7, M33, M55, RV32IMC) equal those
//! of the desktop.

use anyhow::{Context, Result, ensure};
use emulator::launch::Options;
use emulator::machine::Machine;
use gen_core::{Engine, Model, latent};
use pocket_tests::{CRC, PATIENCE, built, picture_checksum};

/// CRC-32 of the quantised latent of `seed`, of one on the walk to the next seed, and of the picture of
/// `seed`, computed on this machine.
fn here(seed: u64) -> Result<[u32; 3]> {
    let model = Model::parse(host_sim::BUILT_IN)?;
    let mut memory = vec![0; model.working_memory()];
    let mut engine = Engine::new(model, &mut memory)?;
    let input = engine.model().latent();
    let sample = |seed| {
        let mut values = vec![0.0; input.len()];
        input.sample(seed, &mut values)?;
        anyhow::Ok(values)
    };
    let (from, to) = (sample(seed)?, sample(seed.wrapping_add(1))?);
    let mut between = vec![0.0; input.len()];
    input.walk(&from, &to, latent::ease(0.3), &mut between)?;
    let mut steps = vec![0; input.len()];
    // The seed's own latent comes last because `steps` then still holds it for drawing.
    let mut checksum = |values: &[f32]| {
        input.quantize(values, &mut steps)?;
        anyhow::Ok(CRC.checksum(&steps.iter().flat_map(|q| q.to_le_bytes()).collect::<Vec<u8>>()))
    };
    let (walk, latent) = (checksum(&between)?, checksum(&from)?);
    Ok([latent, walk, picture_checksum(&mut engine, &steps)?])
}

fn same_bytes_on(board: &str) -> Result<()> {
    let (board, image) = built(board)?;
    let mut machine = Machine::start(board, &image, Options::default())?;
    let mut seeds = 0;
    while let Some(line) = machine.line(PATIENCE)? {
        ensure!(line.is("Digest"), "unexpected: {line}");
        let hexadecimal = |name| u32::from_str_radix(line.field(name).unwrap_or(""), 16);
        let seed = line.number("seed").context("a digest names its seed")?;
        let there = [hexadecimal("latent")?, hexadecimal("walk")?, hexadecimal("picture")?];
        ensure!(there == here(seed)?, "{} differs at seed {seed}: {line}", board.name);
        seeds += 1;
    }
    ensure!(machine.wait()?.success(), "the program failed");
    ensure!(seeds >= 8, "only {seeds} seeds were drawn");
    Ok(())
}

#[test]
fn cortex_m3() -> Result<()> {
    same_bytes_on("mps2-an385")
}

#[test]
fn cortex_m4() -> Result<()> {
    same_bytes_on("mps2-an386")
}

#[test]
fn cortex_m7() -> Result<()> {
    same_bytes_on("mps2-an500")
}

#[test]
fn cortex_m33() -> Result<()> {
    same_bytes_on("mps2-an505")
}

#[test]
fn cortex_m55() -> Result<()> {
    same_bytes_on("mps3-an547")
}

#[test]
fn rv32imc() -> Result<()> {
    same_bytes_on("virt")
}
