//! The inputs of a graph: their declaration, and their value for a latent.

use std::ops::Range;
use tract_onnx::pb::{ValueInfoProto, tensor_proto::DataType, type_proto};
use tract_onnx::prelude::{DatumType, Tensor, TractResult};

/// An input of a graph.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its declaration in the graph.
    pub declared: ValueInfoProto,
    /// Shape of one example, such as `[1, z]` or `[1, z, 1, 1]`.
    pub shape: Vec<usize>,
    /// The elements of the latent that it takes.
    pub elements: Range<usize>,
    /// Whether it takes the number of the label instead of one-hot elements.
    pub number: bool,
    /// Whether only its name suggests that it is a label.
    pub guessed: bool,
    /// A fixed label, which it takes for every latent.
    pub fixed: Option<usize>,
}

impl Input {
    /// An input that takes elements of the latent as they are; none yet.
    pub(crate) fn new(declared: ValueInfoProto, shape: Vec<usize>) -> Self {
        Self { declared, shape, elements: 0..0, number: false, guessed: false, fixed: None }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.declared.name
    }

    /// Its element type in tract.
    pub(crate) fn datum_type(&self) -> DatumType {
        match data_type(&self.declared) {
            Some(DataType::Int64) => DatumType::I64,
            Some(DataType::Int32) => DatumType::I32,
            _ => DatumType::F32,
        }
    }

    /// The same input of a graph that takes `batch` examples at once. Its elements are those of all examples, one
    /// example after the other: see [`together`].
    pub(crate) fn batched(&self, batch: usize) -> Self {
        let mut input = self.clone();
        if let Some(first) = input.shape.first_mut() {
            *first = batch;
        }
        input.elements = self.elements.start * batch..self.elements.end * batch;
        input
    }

    /// Its value for latent `z`: the elements that it takes, or the number of the largest of them if it takes a number.
    /// A fixed label replaces either. A [batched](Self::batched) input has a value for each example.
    ///
    /// # Errors
    /// If tract can't build the tensor.
    pub(crate) fn tensor(&self, z: &[f32]) -> TractResult<Tensor> {
        let values = &z[self.elements.clone()];
        let examples = self.shape.first().copied().unwrap_or(1).max(1);
        let tensor = if self.number {
            let labels: Vec<i64> = match self.fixed {
                Some(label) => vec![label as i64; examples],
                None => values.chunks((values.len() / examples).max(1)).map(largest).collect(),
            };
            Tensor::from_shape(&self.shape, &labels)?
        } else if let Some(label) = self.fixed {
            let count: usize = self.shape.iter().product();
            let one = |i: usize| f32::from(u8::from(i % (count / examples) == label));
            let values: Vec<f32> = (0..count).map(one).collect();
            Tensor::from_shape(&self.shape, &values)?
        } else {
            Tensor::from_shape(&self.shape, values)?
        };
        Ok(tensor.cast_to_dt(self.datum_type())?.into_owned())
    }
}

/// Index of the largest of `values`.
fn largest(values: &[f32]) -> i64 {
    let by_size = |a: &(usize, &f32), b: &(usize, &f32)| a.1.total_cmp(b.1);
    values.iter().enumerate().max_by(by_size).map_or(0, |(index, _)| index as i64)
}

/// The latents of a batch in the order of [batched](Input::batched) `inputs`, which take all elements between them:
/// those of the first input for each example, then those of the next.
pub(crate) fn together(inputs: &[Input], latents: &[Vec<f32>]) -> Vec<f32> {
    let mut places: Vec<Range<usize>> = inputs.iter().map(|it| it.elements.clone()).collect();
    places.sort_by_key(|place| place.start);
    let each = places.iter().flat_map(|place| latents.iter().map(|z| &z[place.clone()]));
    each.flatten().copied().collect()
}

/// Element type of a graph's input or output, if the file declares it.
pub(crate) fn data_type(value: &ValueInfoProto) -> Option<DataType> {
    match value.r#type.as_ref()?.value.as_ref()? {
        type_proto::Value::TensorType(tensor) => DataType::try_from(tensor.elem_type).ok(),
        #[allow(unreachable_patterns)]
        _ => None,
    }
}
