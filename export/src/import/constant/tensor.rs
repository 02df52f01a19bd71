//! A constant of a graph, of one of the three types that the importer computes with.

use crate::import::moves::layout::{Layout, moved};
use crate::import::node::Node;
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, anyhow, bail, ensure};
use ndarray::{ArrayD, Axis};
use tract_onnx::pb::{TensorProto, tensor_proto::DataType};
use tract_onnx::prelude::{Datum, DatumType, Tensor as Decoded};

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

    /// The same tensor in double precision, whatever the type; a truth value is 0 or 1.
    pub(crate) fn real(&self) -> ArrayD<f64> {
        match self {
            Self::Floats(array) => array.mapv(f64::from),
            Self::Ints(array) => array.mapv(|x| x as f64),
            Self::Flags(array) => array.mapv(|x| f64::from(u8::from(x))),
        }
    }

    /// All elements in row-major order, as [`real`](Self::real) has them.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        self.real().into_iter().collect()
    }

    /// The first of its elements, if there are any.
    pub(crate) fn first(&self) -> Option<f64> {
        self.real().first().copied()
    }

    /// All elements in row-major order, if they are whole numbers.
    pub(crate) fn whole(&self) -> Option<Vec<i64>> {
        match self {
            Self::Ints(array) => Some(array.iter().copied().collect()),
            _ => None,
        }
    }

    /// This constant, of one example, repeated along its first axis for a batch of `batch`.
    pub(crate) fn repeated(&self, batch: usize) -> Self {
        fn all<T: Clone>(array: &ArrayD<T>, batch: usize) -> ArrayD<T> {
            let mut dims = array.shape().to_vec();
            if let Some(first) = dims.first_mut() {
                *first = batch;
            }
            array.broadcast(dims).map_or_else(|| array.clone(), |it| it.to_owned())
        }
        match self {
            Self::Floats(array) => Self::Floats(all(array, batch)),
            Self::Ints(array) => Self::Ints(all(array, batch)),
            Self::Flags(array) => Self::Flags(all(array, batch)),
        }
    }

    /// The constant for one example, if this one repeats it along its first axis for a batch of `batch`; else a copy.
    pub(crate) fn of_one(&self, batch: usize) -> Self {
        fn first<T: Clone + PartialEq>(array: &ArrayD<T>, batch: usize) -> Option<ArrayD<T>> {
            let repeats = batch > 1 && array.ndim() > 1 && array.shape()[0] == batch;
            let one = repeats.then(|| array.index_axis(Axis(0), 0))?;
            let same = array.axis_iter(Axis(0)).all(|other| other == one);
            same.then(|| one.insert_axis(Axis(0)).to_owned())
        }
        let one = match self {
            Self::Floats(array) => first(array, batch).map(Self::Floats),
            Self::Ints(array) => first(array, batch).map(Self::Ints),
            Self::Flags(array) => first(array, batch).map(Self::Flags),
        };
        one.unwrap_or_else(|| self.clone())
    }

    /// The constants that [`moved`] makes of this one.
    pub(crate) fn moved(&self, layouts: &[Layout], node: Node) -> Result<Vec<Self>> {
        Ok(match self {
            Self::Floats(it) => {
                moved(layouts, it, 0.0, node)?.into_iter().map(Self::Floats).collect()
            }
            Self::Ints(it) => moved(layouts, it, 0, node)?.into_iter().map(Self::Ints).collect(),
            Self::Flags(it) => {
                moved(layouts, it, false, node)?.into_iter().map(Self::Flags).collect()
            }
        })
    }

    /// The type of its elements in ONNX.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Floats(_) => DataType::Float,
            Self::Ints(_) => DataType::Int64,
            Self::Flags(_) => DataType::Bool,
        }
    }

    /// This constant converted to type `to` of ONNX, as `node` asks.
    pub(crate) fn cast(&self, to: i64, node: Node) -> Result<Self> {
        node.expect(2, "to saturate")?;
        let real = self.real();
        Ok(match (DataType::try_from(to as i32), self) {
            (Ok(DataType::Float | DataType::Double), _) => Self::Floats(real.mapv(|x| x as f32)),
            (Ok(DataType::Int64 | DataType::Int32), Self::Ints(_)) => self.clone(),
            (Ok(DataType::Int64 | DataType::Int32), _) => Self::Ints(real.mapv(|x| x as i64)),
            (Ok(DataType::Bool), _) => Self::Flags(real.mapv(|x| x != 0.0)),
            _ => bail!(node.refuse(format!("attribute to = {to}: this type is not supported"))),
        })
    }

    /// This constant as an initialiser called `name`.
    pub(crate) fn encode(&self, name: &str) -> TensorProto {
        let raw_data = match self {
            Self::Floats(array) => array.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::Ints(array) => array.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::Flags(array) => array.iter().map(|x| u8::from(*x)).collect(),
        };
        TensorProto {
            dims: self.dims().iter().map(|size| *size as i64).collect(),
            data_type: self.data_type() as i32,
            name: name.to_owned(),
            raw_data,
            ..TensorProto::default()
        }
    }
}

/// The elements of a tensor of tract.
fn array<T: Datum + Copy>(decoded: &Decoded) -> Result<ArrayD<T>> {
    let view = decoded.to_plain_array_view::<T>().map_err(|error| anyhow!("{error:#}"))?;
    Ok(ArrayD::from_shape_vec(decoded.shape().to_vec(), view.iter().copied().collect())?)
}
