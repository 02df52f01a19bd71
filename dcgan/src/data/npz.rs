//! An `.npz` of NumPy's: pictures as bytes, labels as whole numbers.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use image::{DynamicImage, GrayImage, RgbImage};
use ndarray::{Array1, ArrayD, Axis};
use ndarray_npy::NpzReader;

use super::{Attribute, Found};

/// Names that pictures and labels go by, the first one that is there.
const PICTURES: [&str; 5] = ["images", "x", "x_train", "train_images", "arr_0"];
const LABELS: [&str; 5] = ["labels", "y", "y_train", "train_labels", "arr_1"];

pub(super) fn read(path: &Path) -> Result<Found> {
    let file = path.display();
    let open = File::open(path).with_context(|| format!("{file}: cannot be read"))?;
    let mut npz = NpzReader::new(open).map_err(|error| anyhow!("{file}: damaged .npz: {error}"))?;
    let names = npz.names().map_err(|error| anyhow!("{file}: damaged .npz: {error}"))?;
    let find = |wanted: [&str; 5]| {
        let bare = |name: &str| name.trim_end_matches(".npy").to_owned();
        let there = |name: &&str| names.iter().any(|found| bare(found) == *name);
        wanted.into_iter().find(there).map(str::to_owned)
    };
    let Some(name) = find(PICTURES) else {
        bail!("{file}: no array of pictures: it must be called {}", PICTURES.join(", "));
    };
    let array: ArrayD<u8> = npz
        .by_name(&name)
        .map_err(|error| anyhow!("{file}: \"{name}\" must be complete and uint8: {error}"))?;
    let (height, width, channels) = match *array.shape() {
        [_, height, width] => (height, width, 1),
        [_, height, width, channels @ (1 | 3)] => (height, width, channels),
        ref shape => {
            bail!("{file}: \"{name}\" of shape {shape:?}, not [n, height, width(, 1 or 3)]")
        }
    };
    ensure!(!array.is_empty(), "{file}: \"{name}\" holds no pictures");
    let pictures: Option<Vec<_>> = array
        .axis_iter(Axis(0))
        .enumerate()
        .map(|(index, picture)| {
            let bytes = picture.iter().copied().collect();
            let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
            let image = match channels {
                1 => DynamicImage::from(GrayImage::from_raw(width, height, bytes)?),
                _ => DynamicImage::from(RgbImage::from_raw(width, height, bytes)?),
            };
            Some((format!("{file} \"{name}\" [{index}]"), image))
        })
        .collect();
    let pictures = pictures.with_context(|| format!("{file}: pictures too large"))?;

    let mut attributes = Vec::new();
    if let Some(name) = find(LABELS) {
        let wide = npz.by_name(&name).map(|array: Array1<i64>| array);
        let labels =
            wide.or_else(|_| npz.by_name(&name).map(|array: Array1<u8>| array.mapv(i64::from)));
        let labels = labels.map_err(|error| {
            anyhow!("{file}: \"{name}\" must be of shape [n], int64 or uint8: {error}")
        })?;
        ensure!(
            labels.len() == pictures.len() && labels.iter().all(|label| (0..1000).contains(label)),
            "{file}: \"{name}\" must be one number from 0 to 999 for each of {} pictures",
            pictures.len()
        );
        let values = labels.iter().map(|&label| label as usize).collect();
        attributes.push(Attribute::numbered(values));
    }
    Ok(Found { pictures, attributes })
}
