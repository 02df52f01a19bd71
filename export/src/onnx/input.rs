//! A graph's inputs that a latent goes into.

use crate::latent;
use crate::latent::places;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use std::ops::Range;
use tract_onnx::pb::{ValueInfoProto, tensor_proto::DataType, type_proto};
use tract_onnx::prelude::{DatumType, Tensor, TractResult};

/// An input of a graph.
#[derive(Clone, Debug)]
pub struct Input {
    /// As it is declared there.
    pub declared: ValueInfoProto,
    /// Shape of one example: `[1, z]` or `[1, z, 1, 1]`, for one.
    pub shape: Vec<usize>,
    /// Which elements of the latent go into it.
    pub elements: Range<usize>,
    /// Whether it takes the number of the label instead of all elements, 1 for it and 0 for others.
    pub number: bool,
    /// Whether it is taken for a label by its name alone.
    pub guessed: bool,
    /// The label that it is given, whatever the latent.
    pub fixed: Option<usize>,
}

impl Input {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.declared.name
    }

    /// The part of the latent that goes into it.
    pub(crate) fn part<'p>(&self, parts: &'p [DraftPart]) -> Option<&'p DraftPart> {
        let mut all = parts.iter().zip(places(parts));
        all.find(|(_, place)| *place == self.elements).map(|(part, _)| part)
    }

    /// Its type in tract.
    pub(crate) fn datum_type(&self) -> DatumType {
        match data_type(&self.declared) {
            Some(DataType::Int64) => DatumType::I64,
            Some(DataType::Int32) => DatumType::I32,
            _ => DatumType::F32,
        }
    }

    /// What it is given of latent `z`.
    pub(crate) fn tensor(&self, z: &[f32]) -> TractResult<Tensor> {
        let values = &z[self.elements.clone()];
        let tensor = if self.number {
            let by_size = |a: &(usize, &f32), b: &(usize, &f32)| a.1.total_cmp(b.1);
            let largest = values.iter().enumerate().max_by(by_size).map_or(0, |(label, _)| label);
            let label = self.fixed.unwrap_or(largest);
            Tensor::from_shape(&self.shape, &[label as i64])?
        } else if let Some(label) = self.fixed {
            let one = |i: usize| f32::from(u8::from(i == label));
            let values: Vec<f32> = (0..self.shape.iter().product()).map(one).collect();
            Tensor::from_shape(&self.shape, &values)?
        } else {
            Tensor::from_shape(&self.shape, values)?
        };
        Ok(tensor.cast_to_dt(self.datum_type())?.into_owned())
    }
}

/// An input before the latent's parts are in order.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) declared: ValueInfoProto,
    pub(crate) shape: Vec<usize>,
    pub(crate) part: DraftPart,
    pub(crate) number: bool,
    pub(crate) guessed: bool,
}

/// The latent's parts, and the inputs in the graph's order. Labels come last, so that the others' samples
/// do not depend on whether there are any.
pub(crate) fn arrange(drafts: Vec<Draft>) -> (Vec<DraftPart>, Vec<Input>) {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|&i| drafts[i].part.distribution == Distribution::OneHot);
    let parts: Vec<DraftPart> = order.iter().map(|&i| drafts[i].part.clone()).collect();
    let mut elements = vec![0..0; drafts.len()];
    for (&i, place) in order.iter().zip(places(&parts)) {
        elements[i] = place;
    }
    let inputs = drafts.into_iter().zip(elements).map(|(draft, elements)| {
        let Draft { declared, shape, number, guessed, .. } = draft;
        Input { declared, shape, elements, number, guessed, fixed: None }
    });
    (parts, inputs.collect())
}

/// The type of a graph's input or output, if it is told.
pub(crate) fn data_type(value: &ValueInfoProto) -> Option<DataType> {
    match value.r#type.as_ref()?.value.as_ref()? {
        type_proto::Value::TensorType(tensor) => DataType::try_from(tensor.elem_type).ok(),
        #[allow(unreachable_patterns)]
        _ => None,
    }
}

/// The parts of an ONNX of ours as [`METADATA`](crate::latent::METADATA) has them: in the graph's order,
/// with how many there are where an input takes a label's number.
pub(crate) fn describe(parts: &[DraftPart], inputs: &[Input]) -> String {
    let each = inputs.iter().filter_map(|input| {
        let part = input.part(parts)?;
        let name = latent::name(part.distribution);
        Some(if input.number { format!("{name} {}", part.len) } else { name.to_owned() })
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What [`describe`] says of each input: what it is drawn from, and how many labels there are.
pub(crate) fn described(text: &str) -> Option<Vec<(Distribution, Option<usize>)>> {
    let each = text.split(", ").map(|entry| match entry.split_once(' ') {
        Some((name, count)) => Some((latent::named(name)?, Some(count.parse().ok()?))),
        None => Some((latent::named(entry)?, None)),
    });
    each.collect()
}
