//! Reads Keras' files: `.h5`, `.weights.h5`, and the archive `.keras` that has one inside.

use crate::checkpoint::tensor::Tensor;
use anyhow::{Context, Result, bail, ensure};
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, Hdf5File};
use serde_json::Value;
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

/// What a file of Keras holds.
pub(crate) struct Stored {
    /// The floating-point variables of the model, without those of its optimizer: in the order of its layers if the file
    /// lists them, else in that of their names.
    pub(crate) variables: Vec<Variable>,
    /// The model's description, unless the file has weights alone.
    pub(crate) description: Option<Description>,
}

/// A model as Keras describes it.
pub(crate) struct Description {
    /// The serialised model: its class and its layers.
    pub(crate) json: String,
    /// The version of Keras that wrote the file, such as `2.13.1`.
    pub(crate) version: String,
    /// What Keras computed with, such as `tensorflow`, if the file tells.
    pub(crate) backend: Option<String>,
    /// Whether the file is a `.keras` archive, which numbers the layers of each class, and not an `.h5`, which names
    /// them.
    pub(crate) archive: bool,
}

/// A tensor and its place in the file.
pub(crate) struct Variable {
    /// Names of the groups around it, outermost first, then its own.
    pub(crate) path: Vec<String>,
    /// The name of its layer, where the file has it beside the variables' numbers.
    pub(crate) layer: Option<String>,
    /// Whether the file lists it among its layer's variables, which are then in Keras' order.
    pub(crate) listed: bool,
    /// Its numbers, axes in Keras' order.
    pub(crate) tensor: Tensor,
}

/// Whether the archive at `path` is a `.keras` file.
pub(crate) fn is_keras(path: &Path) -> bool {
    let archive = File::open(path).map(ZipArchive::new);
    archive.is_ok_and(|it| it.is_ok_and(|it| it.index_for_name(INSIDE).is_some()))
}

/// What the file of these `bytes` holds.
pub(crate) fn read(bytes: Vec<u8>) -> Result<Stored> {
    let archive = !bytes.starts_with(MAGIC);
    let (bytes, inside) = if archive { unzipped(&bytes)? } else { (bytes, None) };
    let file = Hdf5File::from_vec(bytes).context("cannot be read as HDF5")?;
    let root = file.root_group().context("cannot be read as HDF5")?;
    let text = |name: &str| root.attribute(name).ok().and_then(|it| it.read_string().ok());
    let description = inside.or_else(|| {
        let version = text("keras_version").unwrap_or_default();
        Some(Description {
            json: text("model_config")?,
            version,
            backend: text("backend"),
            archive,
        })
    });
    let mut walk = Walk::default();
    walk.group(&root, None, 0).context("cannot be read as HDF5")?;
    Ok(Stored { variables: walk.variables, description })
}

/// The weights and the description in a `.keras` archive.
fn unzipped(bytes: &[u8]) -> Result<(Vec<u8>, Option<Description>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).context("damaged .keras archive")?;
    let mut part = |name: &str| {
        let entry = archive.by_name(name).with_context(|| format!("no {name} in the archive"))?;
        let mut unpacked = Vec::new();
        entry.take(UNZIP_LIMIT + 1).read_to_end(&mut unpacked).context("damaged .keras archive")?;
        ensure!(unpacked.len() as u64 <= UNZIP_LIMIT, "{name} has more than {UNZIP_LIMIT} bytes");
        Ok(unpacked)
    };
    let weights = part(INSIDE)?;
    let json = String::from_utf8(part("config.json")?).context("config.json is not text")?;
    let metadata = part("metadata.json").ok().and_then(|it| serde_json::from_slice(&it).ok());
    let version = metadata.and_then(|it: Value| Some(it["keras_version"].as_str()?.to_owned()));
    let version = version.unwrap_or_default();
    Ok((weights, Some(Description { json, version, backend: None, archive: true })))
}

/// A walk through the groups of a file.
#[derive(Default)]
struct Walk {
    variables: Vec<Variable>,
    /// Names of the groups around, outermost first.
    path: Vec<String>,
    /// Groups and datasets so far.
    count: usize,
}

impl Walk {
    /// Adds the variables of `group`, which belong to layer `layer`, and those of its groups.
    fn group(&mut self, group: &Group, layer: Option<&str>, depth: usize) -> Result<()> {
        ensure!(depth <= DEPTH_LIMIT, "has groups nested deeper than {DEPTH_LIMIT}");
        let (mut groups, datasets) = group.members()?;
        // A damaged file may have groups that contain themselves.
        self.count += groups.len() + datasets.len();
        ensure!(self.count <= MEMBER_LIMIT, "has more than {MEMBER_LIMIT} groups and datasets");
        let first = self.variables.len();
        for dataset in datasets {
            // Seeds and numbers of steps are integers.
            if matches!(dataset.dtype(), Datatype::FloatingPoint { .. }) {
                self.variable(dataset, layer)?;
            }
        }
        if let Some(layers) = names(group, "layer_names") {
            groups.sort_by_key(|group| place(&layers, group.name()));
        }
        for group in groups {
            if matches!(group.name(), "optimizer" | "optimizer_weights") {
                continue;
            }
            let name = (group.name() == "vars").then(|| group.attribute("name").ok()).flatten();
            let name = name.and_then(|name| name.read_string().ok());
            let outside = self.path.len();
            self.path.extend(parts(group.name()));
            self.group(&group, name.as_deref(), depth + 1)?;
            self.path.truncate(outside);
        }
        if let Some(weights) = names(group, "weight_names") {
            let depth = self.path.len();
            let place = |it: &Variable| place(&weights, &it.path[depth..].join("/"));
            let found = &mut self.variables[first..];
            found.iter_mut().for_each(|it| it.listed = place(it) < weights.len());
            found.sort_by_key(place);
        }
        Ok(())
    }

    fn variable(&mut self, dataset: Dataset, layer: Option<&str>) -> Result<()> {
        let path: Vec<_> = self.path.iter().cloned().chain(parts(dataset.name())).collect();
        let name = path.join("/");
        let shape: Option<Vec<_>> =
            dataset.shape().iter().map(|&side| usize::try_from(side).ok()).collect();
        let shape = shape.with_context(|| format!("tensor \"{name}\" is too large"))?;
        let tensor = Tensor::new(name, shape, move || numbers(&dataset));
        self.variables.push(Variable {
            path,
            layer: layer.map(str::to_owned),
            listed: false,
            tensor,
        });
        Ok(())
    }
}

/// The parts of a name. Windows wrote paths with backslashes into names.
fn parts(name: &str) -> impl Iterator<Item = String> {
    name.split(['/', '\\']).filter(|part| !part.is_empty()).map(str::to_owned)
}

/// The names in attribute `key` of `group`. Keras splits a list that is too long for one attribute into numbered ones.
fn names(group: &Group, key: &str) -> Option<Vec<String>> {
    let list = |key: &str| Some(group.attribute(key).ok()?.read_strings().unwrap_or_default());
    if let Some(names) = list(key) {
        return Some(names);
    }
    let pieces: Vec<_> = (0..).map_while(|index| list(&format!("{key}{index}"))).collect();
    (!pieces.is_empty()).then(|| pieces.concat())
}

/// The place of `name` among `names`, the last one if it is missing.
fn place(names: &[String], name: &str) -> usize {
    names.iter().position(|other| other == name).unwrap_or(names.len())
}

/// The numbers of `dataset` in row-major order.
fn numbers(dataset: &Dataset) -> Result<Vec<f32>> {
    Ok(match dataset.dtype() {
        Datatype::FloatingPoint { size: 4, .. } => {
            dataset.read_array::<f32>()?.iter().copied().collect()
        }
        Datatype::FloatingPoint { size: 8, .. } => {
            dataset.read_array::<f64>()?.iter().map(|&value| value as f32).collect()
        }
        _ => bail!("not float32: save the model in float32"),
    })
}
