//! The shipped generator from ONNX to pixels: compares float ONNX in tract, quantised ONNX in tract, the
//! engine, and the application's screen, each with the next.

use anyhow::{Context, Error, Result, ensure};
use export::draw::{File, Generator};
use export::latent::wish::Wishes;
use export::pipeline::{Export, Options, export};
use export::quantize::mix::Goal;
use gen_core::format::write::DraftPart;
use gen_core::{Engine, EngineError, Model};
use host_sim::replay;
use std::path::{Path, PathBuf};

fn onnx() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/faces.onnx")
}

fn exported() -> Result<Export> {
    let options = Options { compare: 64, ..Options::default() };
    export(&onnx(), &options, &|| ())
}

/// Targets for PSNR and flash are reached, with no more 12-bit layers than needed.
#[test]
fn targets_are_reached() -> Result<()> {
    let goal = Goal { psnr: Some(47.0), ..Goal::default() };
    let options = Options { compare: 64, goal, ..Options::default() };
    let report = export(&onnx(), &options, &|| ())?.report;
    let eight = report.eight_bits.context("what 8 bits are")?;
    ensure!(eight.psnr_mean < 46.0, "8 bits reach {} dB", eight.psnr_mean);
    let psnr = report.fidelity.psnr_mean;
    ensure!((47.0..49.5).contains(&psnr), "{psnr} dB");
    let layers = &report.layout.layers;
    ensure!(layers.iter().any(|layer| layer.output_bits == 12 || layer.weight_bits == 12));
    ensure!(layers.iter().any(|layer| layer.weight_bits == 8), "all weights have 12 bits");
    ensure!(report.layout.flash_bytes < eight.flash_bytes * 3 / 2);

    let flash = Some(eight.flash_bytes + 5000);
    let options = Options { goal: Goal { flash, ..Goal::default() }, ..options };
    let report = export(&onnx(), &options, &|| ())?.report;
    ensure!(report.layout.flash_bytes <= eight.flash_bytes + 5000);
    ensure!(report.fidelity.psnr_mean > eight.psnr_mean + 1.0);
    Ok(())
}

/// The bounds are close below what the shipped faces reach, 42.8 and 38.3 dB, so that a quantiser that loses quality is
/// noticed.
#[test]
fn fidelity_of_the_shipped_generator() -> Result<()> {
    let fidelity = exported()?.report.fidelity;
    ensure!(fidelity.psnr_mean >= 42.5, "PSNR {} dB", fidelity.psnr_mean);
    ensure!(fidelity.psnr_worst >= 38.0, "worst PSNR {} dB", fidelity.psnr_worst);
    let ssim = fidelity.ssim_mean.context("pictures are large enough for SSIM")?;
    ensure!(ssim >= 0.995, "SSIM {ssim}");
    Ok(())
}

/// The report's working memory is that of the file, and exactly what the engine requires.
#[test]
fn working_memory_is_what_the_report_says() -> Result<()> {
    let export = exported()?;
    let told = export.report.layout.working_memory_bytes;
    let model = Model::parse(&export.gen_file)?;
    assert_eq!(gen_core::working_memory(&export.gen_file), Some(told));
    let mut memory = vec![0; told];
    assert!(Engine::new(model.clone(), &mut memory).is_ok());
    let short = Engine::new(model, &mut memory[1..]).err();
    assert_eq!(short, Some(EngineError::MemoryTooSmall { need: told, got: told - 1 }));
    Ok(())
}

/// The quantised ONNX, run by tract, gives the engine's pixels, and both stay close to the float network.
#[test]
fn quantised_onnx_equals_the_engine() -> Result<()> {
    let export = exported()?;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("twin.onnx");
    std::fs::write(&path, &export.onnx)?;
    let (float, twin) = (File::load(&onnx())?, File::load(&path)?);
    let wishes = Wishes::default();
    let (float, twin) =
        (Generator::new(&float, &wishes, None)?, Generator::new(&twin, &wishes, None)?);
    let device = Generator::gen_file(&export.gen_file)?;
    for seed in 0..64 {
        let mut z = vec![0.0; device.latent_len()];
        DraftPart::latent(&device.latent).sample(seed, &mut z)?;
        let picture = |generator: &Generator<'_>| Ok::<_, Error>(generator.picture(&z)?.pixels);
        let (float, twin, device) = (picture(&float)?, picture(&twin)?, picture(&device)?);
        ensure!(twin == device, "seed {seed}: tract and the engine differ");
        let off = float.iter().zip(&device).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>();
        ensure!(off / (float.len() as f64) < 3.0, "seed {seed}: far from the float network");
    }
    Ok(())
}

/// host-sim shows the engine's picture, with every pixel enlarged to a square of the screen.
#[test]
fn the_screen_shows_the_picture() -> Result<()> {
    let shown = replay(host_sim::BUILT_IN, boards::TFT240, 7, &[], 0)?;
    let model = Model::parse(host_sim::BUILT_IN)?;
    let mut memory = vec![0; model.working_memory()];
    let mut engine = Engine::new(model, &mut memory)?;
    let latent = engine.model().latent();
    let mut steps = vec![0; latent.len()];
    latent.sample_quantized(7, &mut steps)?;
    let mut picture = engine.draw(&steps)?;
    let mut y = 0;
    while let Some(row) = picture.next_row() {
        for (x, rgb) in row.chunks_exact(3).enumerate() {
            // 32 × 7 = 224 of 240 columns, centred; the caption is below.
            for corner in [(0, 0), (6, 6)] {
                let at = (8 + x as u32 * 7 + corner.0, y * 7 + corner.1);
                let seen = shown.pixel(at.0, at.1);
                for (seen, pixel) in seen.into_iter().zip(rgb) {
                    // RGB565 has 32 or 64 levels: steps of 8 or 4.
                    ensure!(seen.abs_diff(*pixel) <= 4, "({x}, {y}): {seen} for {pixel}");
                }
            }
        }
        y += 1;
    }
    assert_eq!(y, 32);
    Ok(())
}
