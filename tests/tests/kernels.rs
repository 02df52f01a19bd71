//! Random networks on emulated cores: every kernel computes the same bytes as on the desktop.
//!
//! They cover what the shipped models lack: blocks of one and two pairs of features, odd channels, two column
//! groups, strides of plain convolutions, sums of several chunks, slopes, zero-points, layers that are
//! computed whole, unaligned weights.

#[path = "../../gen-core/tests/common/net.rs"]
#[allow(dead_code)]
mod net;

use anyhow::{Context, Result, ensure};
use boards::{CORES, Core};
use emulator::bench::{self, one_line};
use emulator::image::Image;
use gen_core::axis::Convolution::{Plain, Transposed};
use gen_core::latent::Random;
use gen_core::{Engine, Model};
use net::{Draft, Geometry, Sampler, Values};
use pocket_tests::picture_checksum;
use std::path::Path;

/// Number of networks; half of them use values at the ends of their ranges.
const NETWORKS: u64 = 24;

/// A dense layer, three layers of random geometry, and a last layer with 1 or 3 channels.
fn draft(seed: u64) -> Draft {
    let values = if seed.is_multiple_of(2) { Values::Random } else { Values::Extreme };
    let mut sampler = Sampler(Random::new(seed), values);
    // Latents of several chunks, and inputs of several chunks too: 9 taps of 70 channels.
    let latent_len = 1 + sampler.below(70);
    let mut draft = net::empty(latent_len);
    let mut size = [1, 2, 3].map(|_| 1 + sampler.below(6));
    size[2] += sampler.below(2) * 64;
    draft.layers.push(net::dense(&mut sampler, latent_len, size));
    for last in [false, false, false, true] {
        let convolution = [Transposed, Plain][sampler.below(2)];
        let mut geometry = || {
            let (kernel, stride) = (1 + sampler.below(5), 1 + sampler.below(2));
            Geometry::even(convolution, kernel, stride, sampler.below(kernel))
        };
        let (rows, columns) = (geometry(), geometry());
        let channels = if last { 1 + sampler.below(2) * 2 } else { 1 + sampler.below(11) };
        let activation = sampler.below(3);
        let layer = net::layer(&mut sampler, size, rows, columns, channels, activation);
        // A layer whose output would be empty is left out, except that the last one is replaced.
        let one = Geometry::even(Plain, 1, 1, 0);
        let layer = match last {
            true => layer.or_else(|| net::layer(&mut sampler, size, one, one, 3, 0)),
            false => layer,
        };
        if let Some(layer) = layer {
            size = layer.output;
            draft.layers.push(layer);
        }
    }
    draft.whole = sampler.below(draft.layers.len());
    draft
}

/// CRC-32 of the picture of seed 1, computed on this machine.
fn here(file: &[u8]) -> Result<u32> {
    let model = Model::parse(file)?;
    let mut memory = vec![0; model.working_memory()];
    let mut engine = Engine::new(model, &mut memory)?;
    let latent = engine.model().latent();
    let mut steps = vec![0; latent.len()];
    latent.sample_quantized(1, &mut steps)?;
    picture_checksum(&mut engine, &steps)
}

/// CRC-32 of the picture of seed 1, computed on the emulated core.
fn there(core: Core, program: &Image, model: &Path) -> Result<u32> {
    let log = bench::run(core, program, model)?;
    let crc = log.last().and_then(|line| line.field("crc"));
    let crc = crc.and_then(|crc| u32::from_str_radix(crc, 16).ok());
    crc.with_context(|| format!("the program said: {}", one_line(&log)))
}

#[test]
fn random_networks_on_every_core() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let files = (0..NETWORKS).map(|seed| {
        let path = directory.path().join(format!("{seed}.gen"));
        let file = draft(seed).to_bytes()?;
        // Half of the networks of each kind start at a word boundary, the others one to three bytes after
        // one.
        let shift = if seed / 2 % 2 == 0 { 0 } else { 1 + seed as usize / 4 % 3 };
        let shifted = [&vec![0; shift][..], &file].concat();
        std::fs::write(&path, shifted)?;
        Ok((seed, path, here(&file)?))
    });
    let files: Vec<_> = files.collect::<Result<_>>()?;
    for core in CORES {
        let program = bench::build(core, "bench")?;
        for (seed, path, picture) in &files {
            let there = there(core, &program, path)?;
            ensure!(there == *picture, "network {seed} differs on {}", core.name);
        }
    }
    Ok(())
}
