//! Reads an `.npz` of NumPy: pictures as bytes, labels as integers.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use export::file::npz;
use ndarray::ArrayViewD;
use ndarray_npy::ViewNpyExt;

use super::{Attribute, Found};

/// Names of the array of pictures; the first one that exists is taken.
const PICTURES: [&str; 5] = ["images", "x", "x_train", "train_images", "arr_0"];
/// Names of the array of labels.
const LABELS: [&str; 5] = ["labels", "y", "y_train", "train_labels", "arr_1"];
/// Most bytes of an array.
const LIMIT: u64 = 1 << 32;
const INSTEAD: &str = "take a directory of PNG";

pub(super) fn read(path: &Path) -> Result<Found> {
    let bytes = fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let name = path.display().to_string();
    parse(&bytes, &name).context(name)
}

fn parse(bytes: &[u8], file: &str) -> Result<Found> {
    let names = npz::names(bytes)?;
    let find =
        |wanted: [&'static str; 5]| wanted.into_iter().find(|w| names.iter().any(|n| n == w));
    let Some(name) = find(PICTURES) else {
        bail!("no array of pictures: it must be called {}", PICTURES.join(", "));
    };
    let array = npz::array(bytes, name, LIMIT, INSTEAD)?;
    // A view allocates nothing, whatever size the header claims.
    let array = ArrayViewD::<u8>::view_npy(&array)
        .map_err(|error| anyhow!("\"{name}\" must be complete and uint8: {error}"))?;
    let shape = match *array.shape() {
        [_, height, width] => [height, width, 1],
        [_, height, width, channels @ (1 | 3)] => [height, width, channels],
        ref shape => bail!("\"{name}\" of shape {shape:?}, not [n, height, width(, 1 or 3)]"),
    };
    ensure!(!array.is_empty(), "\"{name}\" holds no pictures");
    // The view is in another order if NumPy wrote the array in Fortran's.
    let array = array.as_standard_layout();
    let pixels = array.as_slice().expect("the standard layout is contiguous");
    let pictures = super::pictures(&format!("{file} \"{name}\""), shape, pixels)?;
    let labels = find(LABELS)
        .map(|name| labels(&npz::array(bytes, name, LIMIT, INSTEAD)?, name, pictures.len()));
    let attributes = labels.transpose()?.into_iter().collect();
    Ok(Found { pictures, attributes })
}

fn labels(array: &[u8], name: &str, pictures: usize) -> Result<Attribute> {
    let wide = ArrayViewD::<i64>::view_npy(array).map(|array| array.to_owned());
    let labels = wide.or_else(|_| ArrayViewD::<u8>::view_npy(array).map(|a| a.mapv(i64::from)));
    let labels =
        labels.map_err(|error| anyhow!("\"{name}\" must be complete, int64 or uint8: {error}"))?;
    ensure!(
        labels.shape() == [pictures] && labels.iter().all(|label| (0..1000).contains(label)),
        "\"{name}\" must be one number from 0 to 999 for each of {pictures} pictures"
    );
    Ok(Attribute::numbered(labels.iter().map(|&label| label as usize).collect()))
}
