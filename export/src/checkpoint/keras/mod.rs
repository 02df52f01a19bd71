//! Turns a model that Keras describes into ONNX. Nothing is assumed: the file has every layer and what it is applied to.
//!
//! The way of a file: [`description`] reads the graph of layers; [`assign`] gives each layer its weights; [`translate`]
//! adds each [`layer`]'s nodes; [`table`] lists them.

mod activation;
mod assign;
mod call;
mod config;
mod description;
mod join;
mod layer;
mod linear;
mod norm;
mod reference;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod translate;
mod writer;

use crate::checkpoint::Converted;
use crate::checkpoint::read::hdf5::{Description, Variable};
use crate::checkpoint::settings::Settings;
use anyhow::{Context, Result, anyhow, bail, ensure};
use description::Model;
use serde_json::Value;
use std::path::Path;
use translate::{Translated, translate};
use writer::Writer;

/// Minimum number of values of a picture without rows and columns.
const FLAT_PICTURE: usize = 64;

/// The generator that `description` describes, whose weights are among `variables`.
///
/// # Errors
/// One line that names the layer and says how to export the ONNX by Keras.
pub(super) fn generator(
    description: &Description,
    variables: Vec<Variable>,
    settings: &Settings,
    path: &Path,
) -> Result<Converted> {
    if let Some(option) = settings.given() {
        bail!("the file describes its layers: --{option} has no use");
    }
    let converted = converted(description, variables, settings.key.as_deref());
    converted.map_err(|error| {
        anyhow!(
            "{error:#}. Or export the ONNX by Keras: python -m tf2onnx.convert --keras {file} --output gen.onnx \
             --opset 13, or from 3.8 on keras.saving.load_model(\"{file}\").export(\"gen.onnx\", format=\"onnx\")",
            file = path.display()
        )
    })
}

fn converted(
    description: &Description,
    variables: Vec<Variable>,
    key: Option<&str>,
) -> Result<Converted> {
    let json: Value = serde_json::from_str(&description.json).context("Keras' description")?;
    let mut model = Model::new(&json, 0)?;
    if description.archive {
        assign::by_class(&mut model, variables, 0)?;
    } else {
        assign::by_name(&mut model, variables);
    }
    let (key, model, translated) = chosen(&model, key, Writer::of(description))?;
    let table = table::table(&key, &translated);
    Ok(Converted { model: translated.onnx(model.channels_first())?, table })
}

/// The generator: `model`, or a model inside, its key and its graph. The key has the names of the models around it.
fn chosen<'a>(
    model: &'a Model,
    key: Option<&str>,
    writer: Writer,
) -> Result<(String, &'a Model, Translated)> {
    let inside = inside(model);
    let keys = || inside.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(key) = key.filter(|key| *key != super::WHOLE) {
        let found = inside.iter().find(|(name, _)| name == key);
        let (key, model) = found.with_context(|| match inside.len() {
            0 => format!("has no model \"{key}\" inside: leave --key out"),
            _ => format!("has no model \"{key}\" inside; it has {}", keys()),
        })?;
        return Ok((key.clone(), model, translate(model, writer)?));
    }
    let whole = translate(model, writer);
    if key.is_some() || whole.as_ref().is_ok_and(Translated::is_generator) {
        return Ok((String::new(), model, whole?));
    }
    let found = inside.iter().filter_map(|(key, model)| {
        let translated = translate(model, writer).ok().filter(Translated::is_generator)?;
        Some((key.clone(), *model, translated))
    });
    let mut found: Vec<_> = found.collect();
    ensure!(
        found.len() < 2,
        "has several generators: pass --key {}",
        found.iter().map(|(key, ..)| key.as_str()).collect::<Vec<_>>().join(" or --key ")
    );
    if let Some(only) = found.pop() {
        return Ok(only);
    }
    let whole = whole?;
    if let [output] = &whole.outputs[..]
        && !whole.is_picture()
    {
        let hint = if inside.is_empty() { "" } else { "; --key chooses a model inside: " };
        bail!("the model gives shape {:?}, which is no picture{hint}{}", output.shape, keys());
    }
    Ok((String::new(), model, whole))
}

/// The models inside `model`, each with its key, outer ones first.
fn inside(model: &Model) -> Vec<(String, &Model)> {
    let mut found: Vec<(String, &Model)> = Vec::new();
    let mut open = vec![(String::new(), model)];
    while let Some((path, model)) = open.pop() {
        for layer in &model.layers {
            if let Some(inner) = &layer.model {
                let key = format!("{path}{}", layer.name);
                open.push((format!("{key}."), inner));
                found.push((key, inner));
            }
        }
    }
    found
}

impl Model {
    /// Whether one of the layers has channels as the first axis of maps.
    fn channels_first(&self) -> bool {
        self.layers.iter().any(|layer| match &layer.model {
            Some(model) => model.channels_first(),
            None => layer.config["data_format"] == "channels_first",
        })
    }
}

impl Translated {
    /// Whether the output is a picture: a map of 1, 3 or 4 channels, rows and columns, or many numbers.
    fn is_picture(&self) -> bool {
        let [output] = &self.outputs[..] else { return false };
        match output.shape[..] {
            [len] => len >= FLAT_PICTURE,
            [_, _] => true,
            [a, _, b] => [a, b].iter().any(|channels| matches!(channels, 1 | 3 | 4)),
            _ => false,
        }
    }

    /// Whether it makes pictures of vectors alone.
    fn is_generator(&self) -> bool {
        let vector = |shape: &[usize]| shape.iter().filter(|&&side| side > 1).count() <= 1;
        self.is_picture() && self.inputs.iter().all(|input| vector(&input.shape))
    }
}
