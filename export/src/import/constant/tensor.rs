//! A constant of a graph, of one of the three types that the importer computes with.

use crate::import::moves::layout::Layout;
use crate::import::node::Node;
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, bail, ensure};
use ndarray::ArrayD;
use tract_onnx::prelude::{DatumType, Tensor as Decoded};

/// A constant: numbers in single precision, whole numbers of 64 bits, or truth values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tensor {
    Floats(ArrayD<f32>),
    Ints(ArrayD<i64>),
    Flags(ArrayD<bool>),
}

impl Tensor {
    /// The constant that tract has decoded; `None` if its type has no counterpart here.
    pub(crate) fn new(decoded: &Decoded) -> Result<Option<Self>> {
        let dims = decoded.shape().to_vec();
        ensure!(count(&dims) <= ELEMENT_LIMIT, "of shape {dims:?}: too large");
        let to = |to: DatumType| decoded.cast_to_dt(to).map(|it| it.into_owned());
        Ok(match decoded.datum_type() {
            DatumType::F32 | DatumType::F64 => Some(Self::Floats(array(&to(DatumType::F32)?)?)),
            DatumType::Bool => Some(Self::Flags(array(decoded)?)),
            DatumType::I64 | DatumType::TDim => Some(Self::Ints(array(&to(DatumType::I64)?)?)),
            DatumType::I8 | DatumType::I16 | DatumType::I32 | DatumType::U8 => {
                Some(Self::Ints(array(&to(DatumType::I64)?)?))
            }
            _ => None,
        })
    }

    /// A vector of whole numbers.
    pub(crate) fn ints(values: Vec<i64>) -> Self {
        Self::Ints(ArrayD::from_shape_vec(vec![values.len()], values).unwrap_or_default())
    }

    /// The tensor's shape.
    pub(crate) fn dims(&self) -> &[usize] {
        match self {
            Self::Floats(array) => array.shape(),
            Self::Ints(array) => array.shape(),
            Self::Flags(array) => array.shape(),
        }
    }

    /// All elements in row-major order, whatever the type; a truth value is 0 or 1.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Floats(array) => array.iter().map(|&x| f64::from(x)).collect(),
            Self::Ints(array) => array.iter().map(|&x| x as f64).collect(),
            Self::Flags(array) => array.iter().map(|&x| f64::from(u8::from(x))).collect(),
        }
    }

    /// All elements in row-major order, if they are whole numbers.
    pub(crate) fn whole(&self) -> Option<Vec<i64>> {
        match self {
            Self::Ints(array) => Some(array.iter().copied().collect()),
            _ => None,
        }
    }

    /// The constants that [`Layout::run`] makes of this one.
    pub(crate) fn moved(&self, layout: &Layout, node: Node) -> Result<Vec<Self>> {
        Ok(match self {
            Self::Floats(array) => {
                layout.run(array, 0.0, node)?.into_iter().map(Self::Floats).collect()
            }
            Self::Ints(array) => layout.run(array, 0, node)?.into_iter().map(Self::Ints).collect(),
            Self::Flags(array) => {
                layout.run(array, false, node)?.into_iter().map(Self::Flags).collect()
            }
        })
    }

    /// This constant converted to the type that `node`, a Cast, names.
    pub(crate) fn cast(&self, node: Node) -> Result<Self> {
        use tract_onnx::pb::tensor_proto::DataType;
        let (dims, to) = (self.dims().to_vec(), node.int("to", 0)?);
        let floats = |values: Vec<f64>| values.into_iter().map(|x| x as f32).collect();
        Ok(match DataType::try_from(to as i32) {
            Ok(DataType::Float | DataType::Double) => {
                Self::Floats(ArrayD::from_shape_vec(dims, floats(self.numbers()))?)
            }
            Ok(DataType::Int64 | DataType::Int32) => {
                let values = match self.whole() {
                    Some(values) => values,
                    None => self.numbers().into_iter().map(|x| x as i64).collect(),
                };
                Self::Ints(ArrayD::from_shape_vec(dims, values)?)
            }
            Ok(DataType::Bool) => {
                let values = self.numbers().into_iter().map(|x| x != 0.0).collect();
                Self::Flags(ArrayD::from_shape_vec(dims, values)?)
            }
            _ => bail!(node.refuse(format!("attribute to = {to}: this type is not supported"))),
        })
    }

    /// This constant converted to the type of `other`, the second input of `node`, a CastLike.
    pub(crate) fn like(&self, other: Option<&Self>, node: Node) -> Result<Self> {
        let numbers = || self.numbers().into_iter();
        let dims = self.dims().to_vec();
        Ok(match other {
            Some(Self::Floats(_)) => {
                Self::Floats(ArrayD::from_shape_vec(dims, numbers().map(|x| x as f32).collect())?)
            }
            Some(Self::Ints(_)) => {
                Self::Ints(ArrayD::from_shape_vec(dims, numbers().map(|x| x as i64).collect())?)
            }
            Some(Self::Flags(_)) => {
                Self::Flags(ArrayD::from_shape_vec(dims, numbers().map(|x| x != 0.0).collect())?)
            }
            None => bail!(node.refuse("has no second input")),
        })
    }

    /// This constant as a tensor of tract.
    pub(crate) fn encode(&self) -> Result<Decoded> {
        let dims = self.dims();
        let decoded = match self {
            Self::Floats(array) => {
                Decoded::from_shape(dims, &array.iter().copied().collect::<Vec<_>>())
            }
            Self::Ints(array) => {
                Decoded::from_shape(dims, &array.iter().copied().collect::<Vec<_>>())
            }
            Self::Flags(array) => {
                Decoded::from_shape(dims, &array.iter().copied().collect::<Vec<_>>())
            }
        };
        decoded.map_err(|error| anyhow::anyhow!("{error:#}"))
    }
}

/// The elements of a tensor of tract.
fn array<T: tract_onnx::prelude::Datum + Copy>(decoded: &Decoded) -> Result<ArrayD<T>> {
    let view = decoded.to_plain_array_view::<T>().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    Ok(ArrayD::from_shape_vec(decoded.shape().to_vec(), view.iter().copied().collect())?)
}
