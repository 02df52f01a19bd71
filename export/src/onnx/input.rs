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

    /// Its value for latent `z`: the elements that it takes, or the number of the largest of them if it takes a number.
    /// A fixed label replaces either.
    ///
    /// # Errors
    /// If tract can't build the tensor.
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

/// Element type of a graph's input or output, if the file declares it.
pub(crate) fn data_type(value: &ValueInfoProto) -> Option<DataType> {
    match value.r#type.as_ref()?.value.as_ref()? {
        type_proto::Value::TensorType(tensor) => DataType::try_from(tensor.elem_type).ok(),
        #[allow(unreachable_patterns)]
        _ => None,
    }
}
