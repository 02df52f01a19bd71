//! The graph's inputs: parts of the latent, and labels.

pub(crate) mod beside;
pub(crate) mod form;
pub(crate) mod label;

use crate::import::constant::tensor::{Tensor, count};
use crate::import::latent::form::Form;
use crate::import::latent::label::ByLabel;
use crate::import::view::{Origin, View};
use crate::import::{Value, Walk};
use crate::latent;
use crate::onnx::input;
use crate::onnx::input::{Draft, Input, data_type};
use crate::onnx::source::Source;
use anyhow::{Context, Result, bail, ensure};
use gen_core::format::DIMENSION_LIMIT;
use gen_core::latent::{Distribution, MAX_PARTS};
use ndarray::ArrayD;
use std::collections::HashSet;
use std::sync::Arc;
use tract_onnx::pb::{
    GraphProto, ValueInfoProto, tensor_proto::DataType,
    tensor_shape_proto::dimension::Value as Size, type_proto,
};

/// What goes into an input.
enum Taken {
    Noise(Distribution),
    /// 1 for the label and 0 for others; perhaps only by the input's name.
    OneHot {
        guessed: bool,
    },
    /// The label's number, of so many if that is known.
    Number(Option<usize>),
}

impl<'a> Walk<'a> {
    /// Takes the graph's inputs that are `needed`: parts of the latent, and labels, which are parts too
    /// unless the source says which one is drawn.
    pub(crate) fn inputs(
        &mut self,
        source: &Source,
        graph: &'a GraphProto,
        needed: &HashSet<&str>,
    ) -> Result<()> {
        let inputs: Vec<&ValueInfoProto> = graph
            .input
            .iter()
            .filter(|input| needed.contains(input.name.as_str()))
            .filter(|input| !self.values.contains_key(input.name.as_str()))
            .collect();
        let names =
            || inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>().join(", ");
        for name in source.kinds.iter().filter_map(|kind| kind.name.as_ref()) {
            ensure!(
                inputs.iter().any(|input| input.name == *name),
                "--latent {name}=…: there is no such input, but {}",
                names()
            );
        }
        let mut drafts = Vec::new();
        for declared in &inputs {
            let shape = sizes(declared)?;
            let taken = self.taken(source, graph, declared, &shape, inputs.len() == 1)?;
            match (&taken, source.label) {
                (Taken::Number(_) | Taken::OneHot { .. }, Some(label)) => {
                    self.fix(declared, shape, &taken, label)?;
                }
                _ => drafts.push(draft(declared, shape, &taken)?),
            }
        }
        ensure!(
            source.label.is_none() || !self.fixed.is_empty(),
            "takes no label beside the latents: leave --label out, or say which of {} it is with --latent NAME=one-hot",
            names()
        );
        let possible = drafts.len() <= MAX_PARTS;
        ensure!(possible, "has {} inputs, possible: up to {MAX_PARTS}", drafts.len());
        (self.latent, self.inputs) = input::arrange(drafts);
        self.latent_len = self.latent.iter().map(|part| part.len).sum();
        ensure!(
            self.latent_len <= DIMENSION_LIMIT,
            "latents of {} elements, possible: up to {DIMENSION_LIMIT}",
            self.latent_len
        );
        let element = |element| Form { terms: vec![(element, 1.0)], constant: 0.0 };
        self.forms = (0..self.latent_len).map(element).collect();
        self.take(&inputs)
    }

    /// What goes into an input, by what is said of it, what becomes of it, and how it is called.
    fn taken(
        &mut self,
        source: &Source,
        graph: &'a GraphProto,
        declared: &'a ValueInfoProto,
        shape: &[usize],
        alone: bool,
    ) -> Result<Taken> {
        let name = &declared.name;
        let said = source.kinds.iter().rfind(|kind| kind.name.as_ref() == Some(name));
        let said = said.map(|kind| kind.distribution);
        let found = label::find(source, graph, name);
        let whole = data_type(declared) != Some(DataType::Float);
        if whole || found.is_some() {
            let denied = said.is_some_and(|it| it != Distribution::OneHot);
            ensure!(!denied, "\"{name}\" is a label: leave --latent {name}=… out");
        }
        if let Some(found) = found {
            ensure!(
                count(shape) == 1,
                "\"{name}\" has shape {shape:?}: several labels in one input are not supported"
            );
            self.tables.extend(found.nodes);
            return Ok(Taken::Number(Some(found.labels)));
        }
        let guessed = said.is_none() && !alone && is_called_label(name);
        Ok(match said {
            Some(Distribution::OneHot) if count(shape) > 1 => Taken::OneHot { guessed: false },
            _ if whole && count(shape) > 1 => Taken::OneHot { guessed: false },
            _ if guessed && count(shape) > 1 => Taken::OneHot { guessed },
            Some(Distribution::OneHot) => Taken::Number(None),
            _ if whole || guessed => Taken::Number(None),
            _ => {
                let told = source.metadata(latent::METADATA).and_then(latent::named);
                let drawn = latent::said(&source.kinds, name).or(told);
                Taken::Noise(drawn.unwrap_or(Distribution::Normal))
            }
        })
    }

    /// Makes a constant of an input that takes a label.
    fn fix(
        &mut self,
        declared: &'a ValueInfoProto,
        shape: Vec<usize>,
        taken: &Taken,
        label: usize,
    ) -> Result<()> {
        let name = &declared.name;
        let number = matches!(taken, Taken::Number(_));
        if let Taken::Number(Some(labels)) = taken {
            let fits = label < *labels;
            ensure!(fits, "--label {label}: \"{name}\" has {labels} labels, from 0");
        }
        let values = fixed(declared, &shape, number, label)?;
        self.values.insert(name, Value::Constant(values));
        let (declared, fixed) = (declared.clone(), Some(label));
        self.fixed.push(Input { declared, shape, elements: 0..0, number, guessed: false, fixed });
        Ok(())
    }

    /// The values of inputs that are parts of the latent.
    fn take(&mut self, declared: &[&'a ValueInfoProto]) -> Result<()> {
        for input in self.inputs.clone() {
            let name = input.name();
            let declared = declared.iter().find(|it| it.name == name);
            let key: &'a str = declared.context("an input has gone")?.name.as_str();
            let part = input.part(&self.latent);
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
            self.values.insert(key, value);
        }
        Ok(())
    }
}

/// An input as a part of the latent.
fn draft(declared: &ValueInfoProto, shape: Vec<usize>, taken: &Taken) -> Result<Draft> {
    let name = &declared.name;
    let (len, distribution) = match *taken {
        Taken::Noise(distribution) => (count(&shape), distribution),
        Taken::OneHot { .. } => (count(&shape), Distribution::OneHot),
        Taken::Number(Some(labels)) => (labels, Distribution::OneHot),
        Taken::Number(None) => bail!(
            "takes \"{name}\" beside the latents, and does not tell how many there are: say which with \
             --label K, from 0"
        ),
    };
    check(name, &shape, len, distribution == Distribution::OneHot)?;
    let part = latent::part(name, len, distribution);
    let number = matches!(taken, Taken::Number(_));
    let guessed = matches!(taken, Taken::OneHot { guessed: true });
    Ok(Draft { declared: declared.clone(), shape, part, number, guessed })
}

/// Refuses shapes that are no latent's and no label's.
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

/// What an input is given for `label`: its number, or 1 in its place.
fn fixed(declared: &ValueInfoProto, shape: &[usize], number: bool, label: usize) -> Result<Tensor> {
    let name = &declared.name;
    let count = count(shape);
    check(name, shape, count, true)?;
    let one_hot = !number && count > 1;
    ensure!(!one_hot || label < count, "--label {label}: \"{name}\" has {count} labels, from 0");
    let value = |i: usize| if one_hot { i64::from(i == label) } else { label as i64 };
    let values = (0..count).map(value);
    Ok(match data_type(declared) {
        Some(DataType::Float) => {
            let values = values.map(|value| value as f32).collect();
            Tensor::Floats(ArrayD::from_shape_vec(shape.to_vec(), values)?)
        }
        _ => Tensor::Ints(ArrayD::from_shape_vec(shape.to_vec(), values.collect())?),
    })
}

/// Whether an input beside others is called as labels are.
fn is_called_label(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphabetic());
    let known = [
        "label",
        "labels",
        "class",
        "classes",
        "cls",
        "y",
        "c",
        "cond",
        "condition",
        "onehot",
        "hot",
        "target",
    ];
    words.any(|word| known.contains(&word))
}

/// The sizes of one example.
pub(crate) fn sizes(input: &ValueInfoProto) -> Result<Vec<usize>> {
    let name = &input.name;
    let kind = input.r#type.as_ref().and_then(|t| t.value.as_ref());
    let Some(type_proto::Value::TensorType(tensor)) = kind else {
        bail!("input \"{name}\" is no tensor");
    };
    ensure!(
        matches!(data_type(input), Some(DataType::Float | DataType::Int64 | DataType::Int32)),
        "input \"{name}\" is not float32, nor whole numbers of 32 or 64 bits"
    );
    let shape = tensor.shape.as_ref().with_context(|| format!("input \"{name}\" has no shape"))?;
    let mut sizes = Vec::new();
    for (index, dimension) in shape.dim.iter().enumerate() {
        sizes.push(match (&dimension.value, index) {
            (Some(Size::DimValue(-1..=1)), 0) | (Some(Size::DimParam(_)) | None, 0) => 1,
            (Some(Size::DimValue(batch)), 0) => {
                bail!("input \"{name}\" has a fixed batch of {batch}: export with batch 1")
            }
            (Some(Size::DimValue(size)), _) if (1..=DIMENSION_LIMIT as i64).contains(size) => {
                *size as usize
            }
            _ => bail!("input \"{name}\" has no usable size at axis {index}"),
        });
    }
    Ok(sizes)
}
