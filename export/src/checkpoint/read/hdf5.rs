//! Reads Keras' weights: `.h5`, `.weights.h5`, and the archive `.keras` that has one inside.

use crate::checkpoint::tensor::Tensor;
use anyhow::{Context, Result, bail, ensure};
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, Hdf5File};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use zip::ZipArchive;

/// The first bytes of an HDF5 file.
pub(crate) const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
/// The weights' name in a `.keras` archive.
const INSIDE: &str = "model.weights.h5";
/// Maximum size of a file in an archive, in bytes.
const UNZIP_LIMIT: u64 = 1 << 30;
/// Maximum depth of nested groups.
const DEPTH_LIMIT: usize = 16;
/// Maximum number of groups and datasets.
const MEMBER_LIMIT: usize = 4096;

/// Whether the archive at `path` is a `.keras` file.
pub(crate) fn is_keras(path: &Path) -> bool {
    let archive = File::open(path).map(ZipArchive::new);
    archive.is_ok_and(|it| it.is_ok_and(|it| it.index_for_name(INSIDE).is_some()))
}

/// A file's tensors, with PyTorch's names and orders of axes, and the model's description in JSON if there is one.
pub(crate) fn read(bytes: Vec<u8>) -> Result<(Vec<Tensor>, Option<String>)> {
    let (bytes, config) = if bytes.starts_with(MAGIC) { (bytes, None) } else { unzipped(&bytes)? };
    let file = Hdf5File::from_vec(bytes).context("cannot be read as HDF5")?;
    let root = file.root_group().context("cannot be read as HDF5")?;
    let mut found = Found::default();
    found.walk(&root, "", 0).context("cannot be read as HDF5")?;
    let tensors = found.layers.into_iter().map(|(layer, datasets)| tensors(&layer, datasets));
    let tensors = tensors.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    let told = root.attribute("model_config").ok().and_then(|text| text.read_string().ok());
    Ok((tensors, config.or(told)))
}

/// The weights and the description in a `.keras` archive.
fn unzipped(bytes: &[u8]) -> Result<(Vec<u8>, Option<String>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).context("damaged .keras archive")?;
    let mut part = |name: &str| {
        let entry = archive.by_name(name).with_context(|| format!("no {name} in the archive"))?;
        let mut unpacked = Vec::new();
        entry.take(UNZIP_LIMIT + 1).read_to_end(&mut unpacked).context("damaged .keras archive")?;
        ensure!(unpacked.len() as u64 <= UNZIP_LIMIT, "{name} has more than {UNZIP_LIMIT} bytes");
        Ok(unpacked)
    };
    let weights = part(INSIDE)?;
    let config = String::from_utf8(part("config.json")?).context("config.json is not text")?;
    Ok((weights, Some(config)))
}

/// The datasets of each layer, by the layer's name.
#[derive(Default)]
struct Found {
    layers: BTreeMap<String, BTreeMap<String, Dataset>>,
    /// Groups and datasets so far.
    count: usize,
}

impl Found {
    /// Adds the datasets of `group`, which belong to layer `layer`, and those of its groups.
    fn walk(&mut self, group: &Group, layer: &str, depth: usize) -> Result<()> {
        ensure!(depth <= DEPTH_LIMIT, "has groups nested deeper than {DEPTH_LIMIT}");
        let (groups, datasets) = group.members()?;
        // A damaged file may have groups that contain themselves.
        self.count += groups.len() + datasets.len();
        ensure!(self.count <= MEMBER_LIMIT, "has more than {MEMBER_LIMIT} groups and datasets");
        for dataset in datasets {
            // Seeds and numbers of steps are integers.
            if !matches!(dataset.dtype(), Datatype::FloatingPoint { .. }) {
                continue;
            }
            let role = dataset.name().trim_end_matches(":0").to_owned();
            let datasets = self.layers.entry(layer.to_owned()).or_default();
            let twice = datasets.insert(role, dataset).is_some();
            ensure!(!twice, "two layers are called \"{layer}\"");
        }
        for group in groups {
            let name = match group.name() {
                "optimizer" | "optimizer_weights" => continue,
                // Keras 3 numbers a layer's variables, and has its name as an attribute.
                "vars" => group.attribute("name").ok().and_then(|name| name.read_string().ok()),
                name => Some(name.to_owned()),
            };
            self.walk(&group, name.as_deref().unwrap_or(layer), depth + 1)?;
        }
        Ok(())
    }
}

/// The tensors of layer `layer` with PyTorch's names.
fn tensors(layer: &str, datasets: BTreeMap<String, Dataset>) -> Result<Vec<Tensor>> {
    let numbered = datasets.keys().all(|role| role.parse::<usize>().is_ok());
    let matrix = datasets.values().next().is_some_and(|dataset| dataset.ndim() > 1);
    let roles: &[&str] = match (numbered, matrix, datasets.len()) {
        (false, ..) => &[],
        (_, true, 1 | 2) => &["weight", "bias"],
        (_, false, 2) => &["running_mean", "running_var"],
        (_, false, 4) => &["weight", "bias", "running_mean", "running_var"],
        _ => bail!("layer \"{layer}\" has {} variables, which no known layer has", datasets.len()),
    };
    let named = datasets.into_iter().enumerate().map(|(index, (role, dataset))| {
        let role = match role.as_str() {
            _ if numbered => roles[index],
            "kernel" | "gamma" => "weight",
            "beta" => "bias",
            "moving_mean" => "running_mean",
            "moving_variance" => "running_var",
            other => other,
        };
        tensor(format!("{layer}.{role}"), dataset)
    });
    named.collect()
}

/// `dataset` with its axes in PyTorch's order: `[in, out]` becomes `[out, in]`, and `[k, k, a, b]` becomes `[b, a, k,
/// k]` for both kinds of convolution.
fn tensor(name: String, dataset: Dataset) -> Result<Tensor> {
    let shape: Option<Vec<_>> =
        dataset.shape().iter().map(|&side| usize::try_from(side).ok()).collect();
    let shape = shape.with_context(|| format!("tensor \"{name}\" is too large"))?;
    let axes: Vec<usize> = match shape.len() {
        2 => vec![1, 0],
        4 => vec![3, 2, 0, 1],
        rank => (0..rank).collect(),
    };
    let turned = axes.iter().map(|&axis| shape[axis]).collect();
    let read = move || {
        let array = match dataset.dtype() {
            Datatype::FloatingPoint { size: 4, .. } => dataset.read_array::<f32>()?,
            Datatype::FloatingPoint { size: 8, .. } => {
                dataset.read_array::<f64>()?.mapv(|value| value as f32)
            }
            _ => bail!("not float32: save the model in float32"),
        };
        ensure!(array.ndim() == axes.len(), "its shape changes");
        Ok(array.permuted_axes(axes.clone()).iter().copied().collect())
    };
    Ok(Tensor::new(name, turned, read))
}
