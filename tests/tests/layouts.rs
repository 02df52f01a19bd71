//! Generators in many layouts, as exporters write them: imported exactly, and quantised well.
//!
//! `layouts/make.py` makes them, with pictures of ONNX Runtime to compare with.

use anyhow::{Context, Result, ensure};
use export::export::{Options, export};
use export::generator::{Drawing, File, Generator};
use export::load::Source;
use ndarray::{ArrayD, Axis, IxDyn};
use ndarray_npy::NpzReader;
use std::path::{Path, PathBuf};

/// Those that need whole maps or mirrored borders.
const NOT_SUPPORTED: [&str; 1] = ["pad-reflection"];
/// Those that were thought to be refused.
const SUPPORTED: [&str; 2] = ["dilation.refused", "dilation-transposed.refused"];
/// Of the pictures' range.
const TOLERANCE: f32 = 1e-4;
const PSNR: f64 = 38.0;
/// Damaged copies of each.
const DAMAGES: usize = 30;

fn layouts(refused: bool) -> Result<Vec<PathBuf>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("layouts");
    let paths = std::fs::read_dir(&directory)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<Result<Vec<_>>>()?;
    paths.retain(|path| {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let Some(stem) = stem.filter(|_| path.extension().is_some_and(|it| it == "onnx")) else {
            return false;
        };
        let is_refused = stem.ends_with(".refused") || NOT_SUPPORTED.contains(&&*stem);
        is_refused == refused && !SUPPORTED.contains(&&*stem)
    });
    paths.sort();
    ensure!(paths.len() > 5, "{} has no layouts", directory.display());
    Ok(paths)
}

/// What a layout draws, and of what: latents, labels, pictures `[n, C·H·W]` in the order of the graph.
struct Reference {
    latents: Vec<Vec<f32>>,
    labels: Vec<Option<usize>>,
    pictures: Vec<ArrayD<f32>>,
}

fn reference(path: &Path) -> Result<Reference> {
    let file = std::fs::File::open(path.with_extension("npz"))?;
    let mut arrays = NpzReader::new(file)?;
    let z: ArrayD<f32> = arrays.by_name("z")?;
    let latents: Vec<Vec<f32>> =
        z.axis_iter(Axis(0)).map(|z| z.iter().copied().collect()).collect();
    let names = arrays.names()?;
    let has = |name: &str| names.iter().any(|it| it == name);
    let labels = if has("label") {
        let labels: ArrayD<i64> = arrays.by_name("label")?;
        labels.axis_iter(Axis(0)).map(|it| it.iter().next().map(|it| *it as usize)).collect()
    } else if has("onehot") {
        let onehot: ArrayD<f32> = arrays.by_name("onehot")?;
        onehot.axis_iter(Axis(0)).map(|it| it.iter().position(|it| *it == 1.0)).collect()
    } else {
        vec![None; latents.len()]
    };
    let image = match arrays.by_name::<ndarray::OwnedRepr<f32>, IxDyn>("image") {
        Ok(image) => image,
        Err(_) => arrays.by_name::<ndarray::OwnedRepr<u8>, IxDyn>("image")?.mapv(f32::from),
    };
    let pictures = image.axis_iter(Axis(0)).map(|image| image.to_owned()).collect();
    Ok(Reference { latents, labels, pictures })
}

/// The largest difference of a layout's pictures, as parts of their range.
fn difference(path: &Path) -> Result<f32> {
    let reference = reference(path)?;
    let all = reference.pictures.iter().flatten();
    let (low, high) = all.fold((f32::MAX, f32::MIN), |(low, high), y| (low.min(*y), high.max(*y)));
    let mut largest = 0.0_f32;
    for ((z, label), expected) in
        reference.latents.iter().zip(&reference.labels).zip(&reference.pictures)
    {
        let file = File::load(path)?;
        let File::Onnx(mut source) = file else { anyhow::bail!("no ONNX") };
        source.label = *label;
        let file = File::Onnx(source);
        let mut generator = Generator::new(&file, None)?;
        let Drawing::Float(picture) = generator.draw(z)? else { anyhow::bail!("no floats") };
        let image = generator.image;
        let plane = image.height * image.width;
        ensure!(expected.len() == plane * image.channels, "of another size");
        // Channels last where the graph has them there.
        let last = expected.shape().last() == Some(&image.channels)
            && expected.shape().first() != Some(&image.channels);
        for (i, expected) in expected.iter().enumerate() {
            let at = if last { i % image.channels * plane + i / image.channels } else { i };
            // Bytes are cut off, not rounded.
            let whole = path.to_string_lossy().contains("cast");
            let got = if whole { picture[at].floor() } else { picture[at] };
            let off = (got - expected).abs() / (high - low);
            largest = largest.max(if whole && off * (high - low) <= 1.0 { 0.0 } else { off });
        }
    }
    Ok(largest)
}

/// Checks every supported layout, and names all that fail.
fn each(check: impl Fn(&Path) -> Result<()>) -> Result<()> {
    let mut failed = Vec::new();
    for path in layouts(false)? {
        if let Err(error) = check(&path) {
            let name = path.file_stem().context("a name")?.to_string_lossy().into_owned();
            failed.push(format!("{name}: {error:#}"));
        }
    }
    ensure!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    Ok(())
}

#[test]
fn every_layout_is_imported_exactly() -> Result<()> {
    each(|path| {
        let off = difference(path)?;
        ensure!(off <= TOLERANCE, "off by {off}");
        Ok(())
    })
}

#[test]
fn every_layout_is_quantised_well() -> Result<()> {
    each(|path| {
        let label = reference(path)?.labels[0];
        let options = Options { calibrate: 64, compare: 64, label, ..Options::default() };
        let psnr = export(path, &options, &|| ())?.report.fidelity.psnr_mean;
        ensure!(psnr >= PSNR, "{psnr:.1} dB");
        Ok(())
    })
}

/// The quantised ONNX gives the engine's pixels, in tract.
#[test]
fn every_quantised_onnx_equals_the_engine() -> Result<()> {
    each(|path| {
        let label = reference(path)?.labels[0];
        let options = Options { calibrate: 8, compare: 1, label, ..Options::default() };
        let export = export(path, &options, &|| ())?;
        let twin = Source::decode("twin.onnx".as_ref(), &export.onnx)?;
        let mut twin = Generator::onnx(&twin, None)?;
        let mut device = Generator::gen_file(&export.gen_file)?;
        let mut z = vec![0.0; device.latent_len];
        let mut differ = 0;
        for seed in 0..8 {
            gen_core::latent::sample(seed, gen_core::latent::Distribution::Normal, &mut z);
            let [a, b] = [&mut twin, &mut device].map(|generator| -> Result<_> {
                let drawing = generator.draw(&z)?;
                Ok(generator.picture(&drawing))
            });
            let (a, b) = (a?, b?);
            ensure!(a.pixels.len() == b.pixels.len(), "pictures of another size");
            differ += a.pixels.iter().zip(&b.pixels).filter(|(a, b)| a != b).count();
        }
        ensure!(differ == 0, "{differ} pixels differ");
        Ok(())
    })
}

/// Whatever is wrong with a file, it is refused or read.
#[test]
fn damaged_files_do_not_panic() -> Result<()> {
    let mut random = gen_core::latent::Random::new(1);
    let mut refused = 0;
    for path in layouts(false)? {
        let bytes = std::fs::read(&path)?;
        for _ in 0..DAMAGES {
            let mut damaged = bytes.clone();
            for _ in 0..1 + random.next_u32() % 3 {
                let at = random.next_u32() as usize % damaged.len();
                damaged[at] = random.next_u32() as u8;
            }
            let Ok(source) = Source::decode(&path, &damaged) else { continue };
            refused += usize::from(export::import::import(&source).is_err());
        }
    }
    ensure!(refused > 100, "only {refused} were refused");
    Ok(())
}

#[test]
fn what_cannot_be_converted_is_refused_by_node() -> Result<()> {
    for path in layouts(true)? {
        let source = Source::load(&path)?;
        let Err(error) = export::import::import(&source) else {
            anyhow::bail!("{} was imported", path.display());
        };
        let error = format!("{error:#}");
        ensure!(error.contains("node \""), "{error}");
    }
    Ok(())
}
