//! Turns a checkpoint, trained weights in a file of PyTorch, safetensors or Keras, into an ONNX generator.
//!
//! A checkpoint of Keras may describe its layers: [`keras`] translates these. Any other does not store strides, paddings
//! or activations. These come from the [`Settings`]; without them the usual ones are assumed and marked in the table. What
//! else the file does not prove is refused, with the readings that fit.
//!
//! The way of such a file: [`read`](mod@read) gives named [`tensor`]s; [`part`] finds the generator's, and groups them into
//! modules; [`order`] puts these into chains; [`reading`] adds what may be assumed; [`choice`] chooses by the statistics
//! that BatchNorms have stored; [`output`] writes the graph and the text.

mod choice;
mod keras;
mod order;
mod output;
mod part;
mod read;
mod reading;
pub mod settings;
pub mod tensor;
#[cfg(test)]
mod tests;

use crate::file;
use anyhow::{Context, Result, anyhow, bail, ensure};
use choice::{Choice, choose};
use order::search;
use output::{advice, onnx, table};
use part::key::Part;
use part::label::Modules;
use part::numbering::Numbering;
use part::{module, pieces};
use read::hdf5::{Description, Stored, Variable};
use read::{foreign, hdf5, safetensors, torch};
use reading::{Reading, Subject};
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

/// What was understood of a file that does not prove it, and what to do. Converted all the same if
/// [`Settings::assume`] is set.
#[derive(Debug)]
pub struct Unproved(pub String);

impl std::fmt::Display for Unproved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unproved {}

/// The key of the whole file.
const WHOLE: &str = ".";

/// The tensors of a file, and whose conventions they follow.
struct Checkpoint {
    tensors: Vec<Tensor>,
    format: Format,
}

/// Formats of weights alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// PyTorch's archives.
    Torch,
    /// safetensors, which PyTorch's users have.
    Safetensors,
    /// Weights of Keras: names and orders follow its own conventions.
    Keras,
}

/// What a file holds.
enum Content {
    /// Weights alone.
    Weights(Checkpoint),
    /// A model of Keras.
    Described(Description, Vec<Variable>),
}

/// The generator whose weights are in the file at `path`. `out` is the file that it will be written to, for messages.
///
/// # Errors
/// One line that names the file, the tensor and what to do; or [`Unproved`].
pub fn convert(path: &Path, settings: &Settings, out: &Path) -> Result<Converted> {
    let converted = read(path).and_then(|content| match content {
        Content::Weights(checkpoint) => generator(&checkpoint, settings, [path, out]),
        Content::Described(description, variables) => {
            keras::generator(&description, variables, settings, path)
        }
    });
    converted.with_context(|| path.display().to_string())
}

/// The only part of `checkpoint` that is a generator, as ONNX. `files`: the checkpoint and the ONNX, for messages.
fn generator(checkpoint: &Checkpoint, settings: &Settings, files: [&Path; 2]) -> Result<Converted> {
    let parts = parts(checkpoint, settings)?;
    let mut fits = Vec::new();
    let mut misfits = Vec::new();
    for part in &parts {
        // The outer part, which leaves no tensor out, is the generator rather than a part of it.
        if fits.iter().any(|(outer, _): &(&Part, _)| part.is_below(outer)) {
            continue;
        }
        match part_generator(part, checkpoint.format, settings, files) {
            Err(error) if !error.is::<Unproved>() => misfits.push((part, format!("{error:#}"))),
            result => fits.push((part, result)),
        }
    }
    if fits.len() > 1 {
        let named = |key: &str| if key.is_empty() { WHOLE } else { key }.to_owned();
        let keys: Vec<_> = fits.iter().map(|(part, _)| named(&part.key)).collect();
        bail!("has several generators: pass --key {}", keys.join(" or --key "));
    }
    if let Some((_, result)) = fits.pop() {
        return result;
    }
    // The last part is the innermost: most probably the generator.
    let (part, error) = misfits.last().context("holds no weights")?;
    let keys: Vec<_> = part.keys().into_iter().take(8).collect();
    match (part.key.as_str(), keys.len()) {
        ("", 2..) => bail!("{error} (its keys are {})", keys.join(", ")),
        ("", _) => bail!("{error}"),
        (key, _) => bail!("\"{key}\": {error}"),
    }
}

/// Converts `part`, taken as a whole.
fn part_generator(
    part: &Part,
    format: Format,
    settings: &Settings,
    files: [&Path; 2],
) -> Result<Converted> {
    let divisions = Modules::divisions(module::modules(part)?);
    ensure!(!divisions.is_empty(), "holds no weights");
    let mut error = None;
    for modules in &divisions {
        let (subject, readings) = match readings(part, modules, format, settings) {
            Ok(found) => found,
            Err(why) => {
                error.get_or_insert(why);
                continue;
            }
        };
        let result = choose(&subject, readings);
        match result.and_then(|choice| converted(part, &subject, &choice, files)) {
            // The other division may be proved.
            Err(why) if modules.joins_maps => error = Some(shown(error, why)),
            result => return result,
        }
    }
    Err(error.unwrap_or_else(|| anyhow!("holds no weights")))
}

/// Of two errors the one to show: the first, unless only the second says what was understood.
fn shown(first: Option<anyhow::Error>, second: anyhow::Error) -> anyhow::Error {
    match first {
        Some(first) if first.is::<Unproved>() || !second.is::<Unproved>() => first,
        _ => second,
    }
}

/// The generators that `modules`, a division of those of `part`, may be, and what they share.
///
/// # Errors
/// If they are none.
fn readings<'a>(
    part: &Part,
    modules: &'a Modules<'a>,
    format: Format,
    settings: &Settings,
) -> Result<(Subject<'a>, Vec<Reading<'a>>)> {
    let label = modules.label()?;
    // A label meets the noise, or the map of the noise's first layer.
    let beside = label.as_ref().map(|label| label.flow);
    let joined = || search::chains(&modules.main, beside, settings);
    let (chains, evidence) = if modules.joins_maps {
        joined()?
    } else {
        search::chains(&modules.main, None, settings)
            .or_else(|why| if beside.is_some() { joined().map_err(|_| why) } else { Err(why) })?
    };
    let all = modules.main.iter().chain(&modules.label);
    let subject = Subject {
        label,
        numbering: Numbering::new(all.map(|it| (it.name.as_str(), it.is_linear()))),
        given: settings.clone(),
        format,
        autoencoder: part.is_autoencoder(),
        names: modules.main.iter().map(|module| module.name.as_str()).collect(),
        evidence,
        capped: chains.len() == search::CHAINS,
    };
    let readings = subject.readings(&chains)?;
    Ok((subject, readings))
}

/// The ONNX and the table of the reading that was chosen.
///
/// # Errors
/// [`Unproved`] if there are doubts, unless a person accepts them.
fn converted(
    part: &Part,
    subject: &Subject,
    choice: &Choice,
    files: [&Path; 2],
) -> Result<Converted> {
    let table = table::table(part, subject, choice);
    if !choice.doubts.is_empty() && !subject.given.assume {
        let advice = advice::unproved(part, subject, choice, files);
        return Err(Unproved(format!("as far as the file tells\n{table}{advice}")).into());
    }
    let distribution = subject.given.latent.or(choice.reading.assumed.latent);
    let written = onnx::write(&choice.architecture, distribution, &[])?;
    let table = format!("{table}{}", advice::look(part, subject.format, choice, files));
    Ok(Converted { model: written.model, table })
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
        return Ok(Content::Weights(Checkpoint { tensors, format: Format::Keras }));
    }
    let (tensors, format) = match begin.get(8) {
        Some(b'{') => (safetensors::read(file::read(path)?)?, Format::Safetensors),
        // Reads only the tensors that are used: the file may be many times larger than the generator.
        _ => (torch::read(path)?, Format::Torch),
    };
    Ok(Content::Weights(Checkpoint { tensors: pieces::whole(tensors), format }))
}
