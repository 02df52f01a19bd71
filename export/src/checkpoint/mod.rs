//! Turns a checkpoint, trained weights in a file of PyTorch, safetensors or Keras, into an ONNX generator.
//!
//! A checkpoint of Keras may describe its layers: [`keras`] translates these. Any other does not store strides, paddings
//! or activations. These come from the [`Settings`]; without them DCGAN's defaults are assumed and marked in the table.
//!
//! The way of such a file: [`read`](mod@read) gives named [`tensor`]s; [`key`] chooses the generator's; [`module`] groups them into
//! modules; [`search`] puts the modules into a [`chain`]; [`architecture`] adds [`geometry`] and activations; [`onnx`]
//! writes the graph, [`table`] the text.

mod architecture;
mod chain;
mod geometry;
mod keras;
mod key;
mod module;
mod onnx;
mod read;
mod search;
pub mod settings;
mod table;
pub mod tensor;
#[cfg(test)]
mod tests;

use crate::file;
use anyhow::{Context, Result, anyhow, bail, ensure};
use architecture::Architecture;
use key::Part;
use read::hdf5::{Description, Stored, Variable};
use read::{foreign, hdf5, safetensors, torch};
use settings::Settings;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tensor::Tensor;
use tract_onnx::pb::ModelProto;

/// A checkpoint as an ONNX generator.
pub struct Converted {
    /// The generator.
    pub model: ModelProto,
    /// What was understood: a line for each layer, assumptions marked.
    pub table: String,
}

/// The key of the whole file.
const WHOLE: &str = ".";

/// The tensors of a file, and whose conventions they follow.
struct Checkpoint {
    tensors: Vec<Tensor>,
    /// Whether names and orders follow Keras' conventions, else PyTorch's.
    keras: bool,
}

/// What a file holds.
enum Content {
    /// Weights alone.
    Weights(Checkpoint),
    /// A model of Keras.
    Described(Description, Vec<Variable>),
}

/// The generator whose weights are in the file at `path`.
///
/// # Errors
/// One line that names the file, the tensor and what to do.
pub fn convert(path: &Path, settings: &Settings) -> Result<Converted> {
    let converted = read(path).and_then(|content| match content {
        Content::Weights(checkpoint) => generator(&checkpoint, settings),
        Content::Described(description, variables) => {
            keras::generator(&description, variables, settings)
        }
    });
    converted.with_context(|| path.display().to_string())
}

/// The only part of `checkpoint` that is a generator, as ONNX.
fn generator(checkpoint: &Checkpoint, settings: &Settings) -> Result<Converted> {
    let parts = parts(checkpoint, settings)?;
    let modules: Vec<_> = parts.iter().map(module::modules).collect();
    let mut fits = Vec::new();
    let mut misfits = Vec::new();
    for (part, modules) in parts.iter().zip(&modules) {
        let modules = modules.as_deref().map_err(|error| anyhow!("{error:#}"));
        let chain = modules.and_then(|modules| search::chain(modules, settings));
        match chain.and_then(|chain| Architecture::new(chain, settings, checkpoint.keras)) {
            Ok(architecture) => fits.push((part, architecture)),
            Err(error) => misfits.push((part, format!("{error:#}"))),
        }
    }
    if fits.len() > 1 {
        let named = |key: &str| if key.is_empty() { WHOLE } else { key }.to_owned();
        let keys: Vec<_> = fits.iter().map(|(part, _)| named(&part.key)).collect();
        bail!("has several generators: pass --key {}", keys.join(" or --key "));
    }
    let Some((part, architecture)) = fits.first() else {
        // The last part is the innermost: most probably the generator.
        let (part, error) = misfits.last().context("holds no weights")?;
        let keys: Vec<_> = part.keys().into_iter().take(8).collect();
        match (part.key.as_str(), keys.len()) {
            ("", 2..) => bail!("{error} (its keys are {})", keys.join(", ")),
            ("", _) => bail!("{error}"),
            (key, _) => bail!("\"{key}\": {error}"),
        }
    };
    let table = table::table(part, architecture);
    Ok(Converted { model: onnx::model(architecture)?, table })
}

/// The parts of the file that may be the generator.
fn parts<'a>(checkpoint: &'a Checkpoint, settings: &Settings) -> Result<Vec<Part<'a>>> {
    ensure!(!checkpoint.tensors.is_empty(), "holds no tensors");
    let whole = Part::whole(&checkpoint.tensors);
    let Some(key) = &settings.key else { return Ok(whole.generators()) };
    if key == WHOLE {
        return Ok(vec![whole]);
    }
    let part = whole.under(key).with_context(|| {
        let keys: Vec<_> = whole.keys().into_iter().take(8).collect();
        format!("has no tensors under the key \"{key}\"; its keys are {}", keys.join(", "))
    })?;
    Ok(vec![part])
}

/// Reads the file at `path`, of whichever kind its first bytes say.
fn read(path: &Path) -> Result<Content> {
    foreign::refuse(path)?;
    let mut begin = Vec::new();
    let open = File::open(path).context("cannot be read")?;
    open.take(16).read_to_end(&mut begin).context("cannot be read")?;
    if begin.starts_with(hdf5::MAGIC) || (begin.starts_with(b"PK") && hdf5::is_keras(path)) {
        let Stored { variables, description } = hdf5::read(file::read(path)?)?;
        if let Some(description) = description {
            return Ok(Content::Described(description, variables));
        }
        let tensors = read::keras::tensors(variables)?;
        return Ok(Content::Weights(Checkpoint { tensors, keras: true }));
    }
    let tensors = match begin.get(8) {
        Some(b'{') => safetensors::read(file::read(path)?)?,
        // Reads only the tensors that are used: the file may be many times larger than the generator.
        _ => torch::read(path)?,
    };
    Ok(Content::Weights(Checkpoint { tensors, keras: false }))
}
