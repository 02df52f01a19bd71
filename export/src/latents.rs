//! Latents: drawn from seeds, or read from a file.

use crate::{load, npz};
use anyhow::{Context, Result, anyhow, bail, ensure};
use gen_core::format::PART_NAME;
use gen_core::format::write::DraftPart;
use gen_core::latent::{Distribution, Latent};
use ndarray::{ArrayD, ArrayViewD, Dimension};
use ndarray_npy::{ViewNpyError, ViewNpyExt};
use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;

/// Most bytes taken out of a `.npz`: 100,000 latents of 512 fit.
const UNZIP_LIMIT: u64 = 1 << 28;

/// Where an ONNX of ours says what its inputs are drawn from: [`describe`].
pub const METADATA: &str = "pocket_dcgan.latents";

/// A distribution's name on the command line and in files.
pub fn name(distribution: Distribution) -> &'static str {
    match distribution {
        Distribution::Normal => "normal",
        Distribution::Uniform => "uniform",
        Distribution::OneHot => "one-hot",
    }
}

/// The distribution of that name.
pub fn named(text: &str) -> Option<Distribution> {
    let all = [Distribution::Normal, Distribution::Uniform, Distribution::OneHot];
    all.into_iter().find(|&d| name(d) == text)
}

/// Steps of 12-bit latents per unit: ±5.1 standard deviations, the whole of (−1, 1), or 1 for a label.
pub fn scale(distribution: Distribution) -> f32 {
    match distribution {
        Distribution::Normal => 400.0,
        Distribution::Uniform | Distribution::OneHot => 2047.0,
    }
}

/// A part of so many elements.
pub fn part(name: &str, len: usize, distribution: Distribution) -> DraftPart {
    DraftPart { name: name.to_owned(), len, distribution, scale: scale(distribution) }
}

/// Parts with names that fit a `.gen` file, each another.
pub(crate) fn short(parts: &[DraftPart]) -> Vec<DraftPart> {
    let mut short: Vec<DraftPart> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let whole = if part.name.is_empty() { "latent" } else { &part.name };
        let mut name = whole[..whole.floor_char_boundary(PART_NAME)].to_owned();
        if short.iter().any(|other| other.name == name) {
            // Of at most eight parts, one digit.
            name = format!("{}~{index}", &whole[..whole.floor_char_boundary(PART_NAME - 2)]);
        }
        short.push(DraftPart { name, ..part.clone() });
    }
    short
}

/// What the first layer's weights are multiplied by for each element, so that all parts are in the steps of
/// the first.
pub(crate) fn ratios(parts: &[DraftPart]) -> Vec<f64> {
    let first = parts.first().map_or(1.0, |part| f64::from(part.scale));
    let ratio = |part: &DraftPart| std::iter::repeat_n(first / f64::from(part.scale), part.len);
    parts.iter().flat_map(ratio).collect()
}

/// Which elements of the latent each part is.
pub fn places(parts: &[DraftPart]) -> impl Iterator<Item = Range<usize>> {
    parts.iter().scan(0, |begin, part| {
        let place = *begin..*begin + part.len;
        *begin = place.end;
        Some(place)
    })
}

/// What somebody says that latents are drawn from: those of a name, or all but labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// The part's name.
    pub name: Option<String>,
    /// What it is drawn from.
    pub distribution: Distribution,
}

impl FromStr for Kind {
    type Err = &'static str;

    /// `uniform`, `code=uniform`
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, distribution) = match text.rsplit_once('=') {
            Some((name, distribution)) => (Some(name.to_owned()), distribution),
            None => (None, text),
        };
        let possible = match named(distribution) {
            Some(Distribution::OneHot) if name.is_none() => None,
            distribution => distribution,
        };
        let distribution =
            possible.ok_or("possible: normal, uniform; NAME=normal, NAME=uniform, NAME=one-hot")?;
        Ok(Self { name, distribution })
    }
}

/// What is said of the part of that name: the last word counts, about itself before about all.
pub fn said(kinds: &[Kind], name: &str) -> Option<Distribution> {
    let of = |name: Option<&str>| kinds.iter().rfind(|kind| kind.name.as_deref() == name);
    of(Some(name)).or(of(None)).map(|kind| kind.distribution)
}

/// Draws the parts from what is said.
///
/// # Errors
/// If something is said of a part that isn't there.
pub fn say(parts: &mut [DraftPart], kinds: &[Kind]) -> Result<()> {
    for name in kinds.iter().filter_map(|kind| kind.name.as_deref()) {
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        ensure!(
            names.contains(&name),
            "--latent {name}=…: the latent has no such part, but {}",
            names.join(", ")
        );
    }
    for part in parts {
        let own = kinds.iter().any(|kind| kind.name.as_ref() == Some(&part.name));
        if own || part.distribution != Distribution::OneHot {
            part.distribution = said(kinds, &part.name).unwrap_or(part.distribution);
        }
    }
    Ok(())
}

/// The latent of picture `index` of a series that begins with `seed`: what a device shows for seed
/// `seed + index`.
pub fn shown(seed: u64, index: usize, latent: &Latent) -> Vec<f32> {
    let mut z = vec![0.0; latent.len()];
    latent.sample(seed.wrapping_add(index as u64), &mut z).expect("z has the latent's length");
    z
}

/// Latent `index` for calibration: from the other half of the seeds, so that no series of pictures
/// meets them.
pub fn calibration(seed: u64, index: usize, latent: &Latent) -> Vec<f32> {
    shown(seed ^ 1 << 63, index, latent)
}

/// Makes the labels in `z`, a latent of `parts`, that of number `label`.
///
/// # Errors
/// If there are fewer.
pub fn set_label(z: &mut [f32], parts: &[DraftPart], label: usize) -> Result<()> {
    for (part, place) in parts.iter().zip(places(parts)) {
        if part.distribution == Distribution::OneHot {
            let DraftPart { name, len, .. } = part;
            ensure!(label < *len, "--label {label}: \"{name}\" has {len} labels, from 0");
            z[place.clone()].fill(0.0);
            z[place.start + label] = 1.0;
        }
    }
    Ok(())
}

/// Latents of `len` elements from a `.npy` of shape `[n, len]` (or `[n, len, 1, 1]`), float32 or
/// float64, or from the array `z` of a `.npz`.
///
/// # Errors
/// If the file is none, its shape or type is another, or a number isn't finite.
pub fn read(path: &Path, len: usize) -> Result<Vec<Vec<f32>>> {
    let array = decode(&load::read(path)?).with_context(|| path.display().to_string())?;
    let shape = array.shape();
    ensure!(
        shape.len() >= 2 && shape[0] > 0 && shape[1] == len && shape[2..].iter().all(|&s| s == 1),
        "{}: latents of shape {shape:?}, the model takes [n, {len}]",
        path.display()
    );
    if let Some((at, bad)) = array.indexed_iter().find(|(_, value)| !value.is_finite()) {
        let at = at.slice().to_vec();
        bail!("{}: {bad} at {at:?}: latents must be finite", path.display());
    }
    let values: Vec<f32> = array.iter().copied().collect();
    Ok(values.chunks_exact(len).map(<[f32]>::to_vec).collect())
}

fn decode(bytes: &[u8]) -> Result<ArrayD<f32>> {
    let bytes = if bytes.starts_with(b"PK") {
        Cow::Owned(npz::array(bytes, "z", UNZIP_LIMIT, "take fewer latents, or a .npy file")?)
    } else {
        Cow::Borrowed(bytes)
    };
    ensure!(bytes.starts_with(b"\x93NUMPY"), "not a .npy file");
    // Views allocate nothing, whatever size the header claims.
    let view = match ArrayViewD::<f32>::view_npy(&bytes) {
        Ok(view) => return Ok(view.to_owned()),
        Err(ViewNpyError::WrongDescriptor(_)) => ArrayViewD::<f64>::view_npy(&bytes),
        Err(error) => Err(error),
    };
    let view = view.map_err(|error| {
        anyhow!("latents must be float32 or float64, little-endian and complete: {error}")
    })?;
    Ok(view.mapv(|value| value as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Array4, ShapeBuilder};
    use ndarray_npy::{NpzWriter, WriteNpyExt};
    use std::io::{Cursor, Write};
    use zip::{ZipWriter, write::SimpleFileOptions};

    /// What `read` makes of a file of `bytes`, for latents of 3.
    fn read_bytes(bytes: &[u8]) -> Result<Vec<Vec<f32>>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("z.npy");
        std::fs::write(&path, bytes).unwrap();
        read(&path, 3).map_err(|error| format!("{error:#}"))
    }

    fn npy(array: &impl WriteNpyExt) -> Vec<u8> {
        let mut bytes = Vec::new();
        array.write_npy(&mut bytes).unwrap();
        bytes
    }

    /// An archive of one file.
    fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn seeds_of_calibration_and_pictures_never_meet() {
        let parts = [part("z", 4, Distribution::Normal)];
        let latent = DraftPart::latent(&parts);
        let shown = |index| shown(5, index, &latent);
        let other = |index| calibration(5, index, &latent);
        assert!((0..100).all(|i| (0..100).all(|j| shown(i) != other(j))));
        assert_eq!(shown(3), super::shown(8, 0, &latent));
    }

    #[test]
    fn kinds_are_said_of_one_part_or_of_all_but_labels() {
        let parts = || {
            let normal = |name| part(name, 3, Distribution::Normal);
            [normal("z"), normal("a=b"), part("label", 3, Distribution::OneHot)]
        };
        let after = |texts: &[&str]| {
            let kinds: Vec<Kind> = texts.iter().map(|text| text.parse().unwrap()).collect();
            let mut parts = parts();
            say(&mut parts, &kinds).unwrap();
            parts.map(|part| name(part.distribution))
        };
        assert_eq!(after(&[]), ["normal", "normal", "one-hot"]);
        assert_eq!(after(&["uniform"]), ["uniform", "uniform", "one-hot"]);
        assert_eq!(after(&["a=b=uniform"]), ["normal", "uniform", "one-hot"]);
        assert_eq!(after(&["z=normal", "uniform"]), ["normal", "uniform", "one-hot"]);
        assert_eq!(after(&["label=normal", "z=one-hot"]), ["one-hot", "normal", "normal"]);
        for wrong in ["", "one-hot", "z=", "Normal"] {
            assert!(wrong.parse::<Kind>().is_err(), "{wrong}");
        }
        let error = say(&mut parts(), &["y=normal".parse().unwrap()]).unwrap_err();
        assert!(error.to_string().contains("but z, a=b, label"), "{error}");
    }

    #[test]
    fn names_are_cut_and_differ() {
        let names = ["", "serving_default_input_label:0", "serving_default_input_label:1", "zäää"];
        let parts = names.map(|name| part(name, 1, Distribution::Normal));
        let short: Vec<String> = short(&parts).into_iter().map(|part| part.name).collect();
        assert_eq!(
            short,
            ["latent", "serving_default_input_la", "serving_default_input_~2", "zäää"]
        );
        assert!(short.iter().all(|name| name.len() <= PART_NAME));
    }

    #[test]
    fn labels_are_set_in_their_own_part() {
        let parts = [part("z", 2, Distribution::Normal), part("label", 3, Distribution::OneHot)];
        let mut z = [0.5, -0.5, 1.0, 0.0, 0.0];
        set_label(&mut z, &parts, 2).unwrap();
        assert_eq!(z, [0.5, -0.5, 0.0, 0.0, 1.0]);
        let error = set_label(&mut z, &parts, 3).unwrap_err().to_string();
        assert_eq!(error, "--label 3: \"label\" has 3 labels, from 0");
    }

    #[test]
    fn arrays_of_both_types_and_orders_are_read() {
        let expected = vec![vec![0.0, 1.0, 2.0], vec![3.0, 4.0, 5.0]];
        let values = |i: usize, j: usize| (3 * i + j) as f32;
        let plain = Array2::from_shape_fn((2, 3), |(i, j)| values(i, j));
        assert_eq!(read_bytes(&npy(&plain)).unwrap(), expected);
        assert_eq!(read_bytes(&npy(&plain.mapv(f64::from))).unwrap(), expected);
        let columns = Array2::from_shape_fn((2, 3).f(), |(i, j)| values(i, j));
        assert_eq!(read_bytes(&npy(&columns)).unwrap(), expected);
        let maps = Array4::from_shape_fn((2, 3, 1, 1), |(i, j, ..)| values(i, j));
        assert_eq!(read_bytes(&npy(&maps)).unwrap(), expected);
        let mut archive = Cursor::new(Vec::new());
        let mut npz = NpzWriter::new_compressed(&mut archive);
        npz.add_array("z", &plain).unwrap();
        npz.finish().unwrap();
        assert_eq!(read_bytes(archive.get_ref()).unwrap(), expected);
        assert_eq!(read_bytes(&zipped("z.npy", &npy(&plain.mapv(f64::from)))).unwrap(), expected);
    }

    #[test]
    fn everything_else_is_refused() {
        let refused = |bytes: &[u8], expected: &str| {
            let error = read_bytes(bytes).unwrap_err();
            assert!(error.contains("z.npy") && error.contains(expected), "{error}");
        };
        let good = npy(&Array2::<f32>::zeros((2, 3)));
        refused(&npy(&Array2::<f32>::zeros((2, 4))), "shape [2, 4], the model takes [n, 3]");
        refused(&npy(&Array2::<f32>::zeros((0, 3))), "shape [0, 3]");
        refused(&npy(&Array2::<i32>::zeros((2, 3))), "float32 or float64");
        refused(&npy(&Array2::from_elem((2, 3), f32::NAN)), "NaN at [0, 0]");
        refused(&npy(&Array2::from_elem((2, 3), 1e300)), "inf at [0, 0]");
        refused(&good[..good.len() - 1], "missing 1 bytes");
        refused(b"hello", "not a .npy file");
        refused(b"PK\x03\x04hello", "damaged .npz file");
        // Far more than there is memory, in a header of the same length.
        let begin = good.windows(6).position(|window| window == b"(2, 3)").unwrap();
        let end = good.iter().position(|&byte| byte == b'\n').unwrap();
        let claim = format!("{:<1$}", "(400000000000000000, 3)}", end - begin);
        let mut huge = good.clone();
        huge[begin..end].copy_from_slice(claim.as_bytes());
        refused(&huge, "float32 or float64, little-endian and complete");
        refused(&zipped("z.npy", &huge), "float32 or float64, little-endian and complete");
        refused(&zipped("x.npy", &good), "no array \"z\"");
        refused(&zipped("z.npy", &vec![0; UNZIP_LIMIT as usize + 1]), "take fewer latents");
    }
}
