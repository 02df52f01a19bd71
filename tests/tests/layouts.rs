//! Generators in many layouts, as exporters write them, are imported exactly and quantised well.
//!
//! `layouts/make.py` writes them, with pictures of ONNX Runtime to compare with.

use anyhow::{Context, Result, ensure};
use export::draw::{Drawing, Generator};
use export::import::import;
use export::latent::wish::Wishes;
use export::network::Network;
use export::onnx::run::Passes;
use export::onnx::source::Source;
use export::pipeline::{Export, Options, export};
use gen_core::format::write::DraftPart;
use ndarray::{ArrayD, Axis, IxDyn};
use ndarray_npy::NpzReader;
use std::path::{Path, PathBuf};

/// Layouts that need whole maps or mirrored borders, which are not supported.
const NOT_SUPPORTED: [&str; 1] = ["pad-reflection"];
/// Layouts that can only be exported for one fixed label: the latent is multiplied by the label's embedding,
/// or labels enter after the first layer.
const FIXED_ONLY: [&str; 2] = ["cond-everywhere", "cond-product"];
/// Largest allowed difference, as a fraction of the pictures' range.
const TOLERANCE: f32 = 1e-4;
const PSNR: f64 = 38.0;
/// Damaged copies that are made of each file.
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
        (stem.ends_with(".refused") || NOT_SUPPORTED.contains(&&*stem)) == refused
    });
    paths.sort();
    ensure!(paths.len() > 5, "{} has no layouts", directory.display());
    Ok(paths)
}

/// Inputs and pictures of a layout from ONNX Runtime, an array per input.
struct Reference {
    inputs: Vec<(String, ArrayD<f32>)>,
    /// Pictures in the graph's own order of axes.
    pictures: ArrayD<f32>,
}

impl Reference {
    fn read(path: &Path) -> Result<Self> {
        let file = std::fs::File::open(path.with_extension("npz"))?;
        let mut arrays = NpzReader::new(file)?;
        let (mut inputs, mut pictures) = (Vec::new(), None);
        for name in arrays.names()? {
            let array = match arrays.by_name::<ndarray::OwnedRepr<f32>, IxDyn>(&name) {
                Ok(array) => array,
                Err(_) if name == "image" => {
                    arrays.by_name::<ndarray::OwnedRepr<u8>, IxDyn>(&name)?.mapv(f32::from)
                }
                Err(_) => {
                    let whole: ArrayD<i64> = arrays.by_name(&name)?;
                    whole.mapv(|label| label as f32)
                }
            };
            match name.as_str() {
                "image" => pictures = Some(array),
                _ => inputs.push((name, array)),
            }
        }
        Ok(Self { inputs, pictures: pictures.context("has no pictures")? })
    }

    /// Value of the input `name` for a picture.
    fn given(&self, name: &str, index: usize) -> Result<Vec<f32>> {
        let alone = self.inputs.len() == 1;
        let input = self.inputs.iter().find(|input| alone || input.0 == name);
        let (_, array) = input.with_context(|| format!("no array {name}"))?;
        Ok(array.index_axis(Axis(0), index).iter().copied().collect())
    }

    /// Label of a picture, if the network has exactly one label input.
    fn label(&self, index: usize) -> Result<Option<usize>> {
        let labels = ["label", "onehot", "labels", "y", "kind"];
        let mut labels = self.inputs.iter().filter(|(name, _)| labels.contains(&name.as_str()));
        let (Some((name, _)), None) = (labels.next(), labels.next()) else { return Ok(None) };
        let given = self.given(name, index)?;
        Ok(match given[..] {
            [number] => Some(number as usize),
            _ => given.iter().position(|it| *it == 1.0),
        })
    }

    /// Latent of a picture, in the order of `network`'s inputs.
    fn latent(&self, network: &Network, index: usize) -> Result<Vec<f32>> {
        let mut z = vec![0.0; network.latent_len()];
        for input in &network.inputs {
            let (given, elements) =
                (self.given(input.name(), index)?, &mut z[input.elements.clone()]);
            match input.number {
                true => elements[given[0] as usize] = 1.0,
                false => elements.copy_from_slice(&given),
            }
        }
        Ok(z)
    }
}

/// Largest difference of a layout's pictures from ONNX Runtime's, as a fraction of their range. `fixed`:
/// imports the network for each picture's label; otherwise latents contain the labels.
fn difference(path: &Path, fixed: bool) -> Result<f32> {
    let reference = Reference::read(path)?;
    let all = reference.pictures.iter();
    let (low, high) = all.fold((f32::MAX, f32::MIN), |(low, high), y| (low.min(*y), high.max(*y)));
    // A cast to bytes truncates instead of rounding.
    let whole = path.file_stem().is_some_and(|stem| stem == "out-cast");
    let mut largest = 0.0_f32;
    for (index, expected) in reference.pictures.axis_iter(Axis(0)).enumerate() {
        let source = Source::load(path)?;
        let label = if fixed { reference.label(index)? } else { None };
        let wishes = Wishes { label, ..Wishes::default() };
        let z = reference.latent(&import(&source, &wishes)?, index)?;
        let generator = Generator::onnx(&source, &wishes, None)?;
        let Drawing::Float(picture) = generator.draw(&z)? else { anyhow::bail!("no floats") };
        let image = generator.image;
        let plane = image.height * image.width;
        ensure!(expected.len() == plane * image.channels, "of another size");
        // Some graphs have channels last.
        let last = expected.shape().last() == Some(&image.channels)
            && expected.shape().first() != Some(&image.channels);
        for (i, expected) in expected.iter().enumerate() {
            let at = if last { i % image.channels * plane + i / image.channels } else { i };
            let got = if whole { picture[at].floor() } else { picture[at] };
            let off = (got - expected).abs() / (high - low);
            largest = largest.max(if whole && off * (high - low) <= 1.0 { 0.0 } else { off });
        }
    }
    Ok(largest)
}

/// The wishes with which a layout is exported: a fixed label if it requires one.
fn wishes(path: &Path) -> Result<Wishes> {
    let label = if fixed_only(path) { Reference::read(path)?.label(0)? } else { None };
    Ok(Wishes { label, ..Wishes::default() })
}

fn fixed_only(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| FIXED_ONLY.iter().any(|name| stem == *name))
}

/// Checks every supported layout, and reports all that fail.
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
        if !fixed_only(path) {
            let off = difference(path, false)?;
            ensure!(off <= TOLERANCE, "off by {off}");
        }
        if Reference::read(path)?.label(0)?.is_some() {
            let off = difference(path, true)?;
            ensure!(off <= TOLERANCE, "with the label fixed off by {off}");
        }
        Ok(())
    })
}

#[test]
fn every_layout_is_quantised_well() -> Result<()> {
    each(|path| {
        let wishes = wishes(path)?;
        let options = Options { calibrate: 64, compare: 64, wishes, ..Options::default() };
        let psnr = export(path, &options, &|| ())?.report.fidelity.psnr_mean;
        ensure!(psnr >= PSNR, "{psnr:.1} dB");
        Ok(())
    })
}

/// The quantised ONNX gives the engine's pixels in tract, typed and optimised, with 8 and with 12 bits.
#[test]
fn every_quantised_onnx_equals_the_engine() -> Result<()> {
    each(|path| {
        for bits in [8, 12] {
            let wishes = wishes(path)?;
            let options = Options { calibrate: 8, compare: 1, wishes, ..Options::default() };
            let options = Options { activations: Some(bits), weights: Some(bits), ..options };
            equals_the_engine(&export(path, &options, &|| ())?)?;
        }
        Ok(())
    })
}

fn equals_the_engine(export: &Export) -> Result<()> {
    let twin = Source::decode("twin.onnx".as_ref(), &export.onnx)?;
    let twin = |passes| Generator::quantised(&twin, &Wishes::default(), passes);
    let typed = twin(Passes::Typed)?;
    let optimised = twin(Passes::Optimised)?;
    let device = Generator::gen_file(&export.gen_file)?;
    let mut z = vec![0.0; device.latent_len()];
    let mut differ = 0;
    for seed in 0..8 {
        DraftPart::latent(&device.latent).sample(seed, &mut z)?;
        let device = device.picture(&z)?;
        for twin in [&typed, &optimised] {
            let twin = twin.picture(&z)?;
            ensure!(twin.pixels.len() == device.pixels.len(), "pictures of another size");
            differ += twin.pixels.iter().zip(&device.pixels).filter(|(a, b)| a != b).count();
        }
    }
    ensure!(differ == 0, "{differ} pixels differ");
    Ok(())
}

/// Any damaged file is either refused with an error or read; nothing panics.
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
            refused += usize::from(import(&source, &Wishes::default()).is_err());
        }
    }
    ensure!(refused > 100, "only {refused} were refused");
    Ok(())
}

#[test]
fn what_cannot_be_converted_is_refused_by_node() -> Result<()> {
    for path in layouts(true)? {
        let source = Source::load(&path)?;
        let Err(error) = import(&source, &Wishes::default()) else {
            anyhow::bail!("{} was imported", path.display());
        };
        let error = format!("{error:#}");
        ensure!(error.contains("node \"") && error.lines().count() == 1, "{error}");
    }
    Ok(())
}
