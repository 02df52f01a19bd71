//! The graph's inputs: which of them are parts of the latent, which are labels, and the value that each begins with.
//!
//! - [`label`]: which inputs are a label's number; [`by_label`]: nodes that depend on a label alone
//! - [`form`]: what is done to the latent before the first layer; [`length`]: latents that are normalised
//! - [`beside`], [`sum`]: several first layers become one

pub(crate) mod beside;
pub(crate) mod by_label;
pub(crate) mod form;
pub(crate) mod label;
pub(crate) mod length;
pub(crate) mod sum;

use crate::import::constant::tensor::Tensor;
use crate::import::value::{ByLabel, Scope, Value};
use crate::import::view::{Origin, View};
use crate::latent;
use crate::latent::inputs::{arrange, described, part_of};
use crate::latent::wish::Wishes;
use crate::onnx::batch;
use crate::onnx::input::{Input, data_type};
use crate::onnx::metadata;
use crate::onnx::shape::{count, sizes};
use crate::onnx::source::Source;
use anyhow::{Context, Result, bail, ensure};
use gen_core::format::DIMENSION_LIMIT;
use gen_core::format::write::DraftPart;
use gen_core::latent::{Distribution, MAX_PARTS};
use ndarray::ArrayD;
use std::collections::HashSet;
use std::sync::Arc;
use tract_onnx::pb::{GraphProto, ValueInfoProto, tensor_proto::DataType};

/// What an input takes.
enum Taken {
    Noise(Distribution),
    /// A label as 1 in its place and 0 in the others. `guessed`: only the input's name says so.
    OneHot {
        guessed: bool,
    },
    /// A label's number, and how many labels there are, if that is known.
    Number(Option<usize>),
}

/// The graph's inputs, and the latent that goes into them.
#[derive(Default)]
pub(crate) struct GraphInputs<'a> {
    /// Inputs that take a part of the latent, in the graph's order.
    pub(crate) drawn: Vec<Input>,
    /// Inputs that take the label that a person has chosen.
    pub(crate) fixed: Vec<Input>,
    /// The latent's parts.
    pub(crate) latent: Vec<DraftPart>,
    /// First outputs of the nodes that choose by a label's number, and so tell how many labels there are.
    pub(crate) tables: HashSet<&'a str>,
}

impl<'a> GraphInputs<'a> {
    /// The inputs of `graph` that are `needed` and no initialisers: parts of the latent, and labels, which are parts
    /// too unless a person has chosen one. Sets their values in `scope`.
    ///
    /// # Errors
    /// If an input's type or shape can't be converted, or an option does not fit the inputs.
    pub(crate) fn read(
        (source, wishes): (&Source, &Wishes),
        graph: &'a GraphProto,
        needed: &HashSet<&str>,
        scope: &mut Scope<'a>,
    ) -> Result<Self> {
        let mut it = Self::default();
        let inputs: Vec<&ValueInfoProto> = graph
            .input
            .iter()
            .filter(|input| needed.contains(input.name.as_str()))
            .filter(|input| scope.get(&input.name).is_none())
            .collect();
        let names =
            || inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>().join(", ");
        for name in wishes.kinds.iter().filter_map(|kind| kind.name.as_ref()) {
            ensure!(
                inputs.iter().any(|input| input.name == *name),
                "--latent {name}=…: there is no such input, but {}",
                names()
            );
        }
        scope.batch = batch::declared(&inputs)?;
        let mut drafts = Vec::new();
        // The metadata list all inputs, and some may have been left out as not needed.
        let told = source.metadata(metadata::LATENTS).and_then(|it| described(it, inputs.len()));
        let told = told.unwrap_or_default();
        for (index, declared) in inputs.iter().enumerate() {
            let shape = sizes(&batch::freed(declared))?;
            let found = label::find(source, graph, &declared.name);
            let labels = found.as_ref().map(|found| found.labels);
            it.tables.extend(found.into_iter().flat_map(|found| found.nodes));
            let alone = inputs.len() == 1;
            let told = told.get(index).map(|(distribution, _)| *distribution);
            let taken = taken(wishes, declared, &shape, labels, (alone, told))?;
            match (&taken, wishes.label) {
                (Taken::Number(_) | Taken::OneHot { .. }, Some(label)) => {
                    it.fix(declared, shape, &taken, label, scope)?;
                }
                _ => drafts.push(draft(declared, shape, &taken)?),
            }
        }
        ensure!(
            wishes.label.is_none() || !it.fixed.is_empty(),
            "takes no label beside the latents: leave --label out, or pass --latent NAME=one-hot, where NAME is one of {}",
            names()
        );
        let possible = drafts.len() <= MAX_PARTS;
        ensure!(possible, "has {} inputs, possible: up to {MAX_PARTS}", drafts.len());
        (it.latent, it.drawn) = arrange(drafts);
        let len = it.latent_len();
        ensure!(
            len <= DIMENSION_LIMIT,
            "latents of {len} elements, possible: up to {DIMENSION_LIMIT}"
        );
        it.set_values(&inputs, scope)?;
        Ok(it)
    }

    /// Elements of the latent.
    pub(crate) fn latent_len(&self) -> usize {
        self.latent.iter().map(|part| part.len).sum()
    }

    /// Makes input `declared`, which takes a label, the constant for `label`.
    fn fix(
        &mut self,
        declared: &'a ValueInfoProto,
        shape: Vec<usize>,
        taken: &Taken,
        label: usize,
        scope: &mut Scope<'a>,
    ) -> Result<()> {
        let name = &declared.name;
        let number = matches!(taken, Taken::Number(_));
        if let Taken::Number(Some(labels)) = taken {
            let fits = label < *labels;
            ensure!(fits, "--label {label}: \"{name}\" has {labels} labels, from 0");
        }
        // Constants of the graph are those of the whole batch.
        let value = fixed(declared, &shape, number, label)?.repeated(scope.batch);
        scope.set(name, Value::Constant(value));
        let input = Input::new(batch::freed(declared), shape);
        self.fixed.push(Input { number, fixed: Some(label), ..input });
        Ok(())
    }

    /// Sets the values of the inputs that take a part of the latent.
    fn set_values(&self, declared: &[&'a ValueInfoProto], scope: &mut Scope<'a>) -> Result<()> {
        for input in self.drawn.clone() {
            let name = input.name();
            let declared = declared.iter().find(|it| it.name == name);
            let key: &'a str = declared.context("an input has gone")?.name.as_str();
            let part = part_of(&input, &self.latent);
            let one_hot = part.is_some_and(|part| part.distribution == Distribution::OneHot);
            let value = if one_hot {
                let (begin, labels) = (input.elements.start, input.elements.len());
                let tensors = (0..labels)
                    .map(|label| fixed(&input.declared, &input.shape, input.number, label));
                let tensors = Arc::new(tensors.collect::<Result<_>>()?);
                Value::ByLabel(ByLabel { begin, tensors })
            } else {
                let elements = input.elements.map(|element| element as i32);
                let elements = ArrayD::from_shape_vec(input.shape, elements.collect())?;
                Value::View(View::new(Origin::Latent, elements))
            };
            scope.set(key, value);
        }
        Ok(())
    }
}

/// What input `declared` takes, by the options, by what the graph does with it, and by its name. `labels`: how many
/// there are, if the graph uses it as a label's number. `alone`: the graph has no other input; `told`: what its metadata
/// say of it.
fn taken(
    wishes: &Wishes,
    declared: &ValueInfoProto,
    shape: &[usize],
    labels: Option<usize>,
    (alone, told): (bool, Option<Distribution>),
) -> Result<Taken> {
    let name = &declared.name;
    let said = wishes.named(name);
    let whole = data_type(declared) != Some(DataType::Float);
    if whole || labels.is_some() {
        let denied = said.is_some_and(|it| it != Distribution::OneHot);
        ensure!(!denied, "\"{name}\" is a label: leave --latent {name}=… out");
    }
    if labels.is_some() {
        ensure!(
            count(shape) == 1,
            "\"{name}\" has shape {shape:?}: several labels in one input are not supported"
        );
        return Ok(Taken::Number(labels));
    }
    let guessed = said.is_none() && told.is_none() && !alone && is_called_label(name);
    if whole || guessed || said.or(told) == Some(Distribution::OneHot) {
        return Ok(match count(shape) {
            ..=1 => Taken::Number(None),
            _ => Taken::OneHot { guessed: guessed && !whole },
        });
    }
    let drawn = wishes.distribution(name).or(told);
    Ok(Taken::Noise(drawn.unwrap_or(Distribution::Normal)))
}

/// Input `declared`, of shape `shape`, as a part of the latent.
fn draft(
    declared: &ValueInfoProto,
    shape: Vec<usize>,
    taken: &Taken,
) -> Result<(Input, DraftPart)> {
    let name = &declared.name;
    let (len, distribution) = match *taken {
        Taken::Noise(distribution) => (count(&shape), distribution),
        Taken::OneHot { .. } => (count(&shape), Distribution::OneHot),
        Taken::Number(Some(labels)) => (labels, Distribution::OneHot),
        Taken::Number(None) => bail!(
            "takes label \"{name}\" beside the latents and does not tell how many there are: choose one with \
             --label K, from 0"
        ),
    };
    check(name, &shape, len, distribution == Distribution::OneHot)?;
    let part = latent::part(name, len, distribution);
    let number = matches!(taken, Taken::Number(_));
    let guessed = matches!(taken, Taken::OneHot { guessed: true });
    Ok((Input { number, guessed, ..Input::new(batch::freed(declared), shape) }, part))
}

/// Refuses shapes that neither latents nor labels have.
fn check(name: &str, shape: &[usize], len: usize, label: bool) -> Result<()> {
    let wide = shape.iter().filter(|size| **size > 1).count();
    ensure!(
        !label || wide < 2,
        "\"{name}\" has shape {shape:?}: labels are a number or one-hot, [batch, n]"
    );
    ensure!(
        (label || shape.len() > 1) && len <= DIMENSION_LIMIT,
        "input \"{name}\" has shape {shape:?}: latents are [batch, z] or [batch, z, 1, 1], of up to {DIMENSION_LIMIT}"
    );
    Ok(())
}

/// The value of input `declared` for `label`: its number, or 1 in its place.
fn fixed(declared: &ValueInfoProto, shape: &[usize], number: bool, label: usize) -> Result<Tensor> {
    let name = &declared.name;
    let count = count(shape);
    check(name, shape, count, true)?;
    let one_hot = !number && count > 1;
    ensure!(!one_hot || label < count, "--label {label}: \"{name}\" has {count} labels, from 0");
    let value = |i: usize| if one_hot { i64::from(i == label) } else { label as i64 };
    let values = ArrayD::from_shape_vec(shape.to_vec(), (0..count).map(value).collect())?;
    Ok(match data_type(declared) {
        Some(DataType::Float) => Tensor::Floats(values.mapv(|value| value as f32)),
        _ => Tensor::Ints(values),
    })
}

/// Whether an input's name has a word that labels are called by.
fn is_called_label(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphabetic());
    let known = "label labels class classes cls y c cond condition onehot hot target";
    words.any(|word| known.split(' ').any(|it| it == word))
}
