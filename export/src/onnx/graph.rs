//! Builds an ONNX graph, node by node.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension::Value};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

/// Version of the operators.
const OPSET: i64 = 17;
/// Version of the file format.
const IR_VERSION: i64 = 8;

/// A graph under construction: its nodes and constants, in order.
#[derive(Default)]
pub struct Graph {
    /// Nodes, each after those whose outputs it takes.
    pub nodes: Vec<NodeProto>,
    /// Constants: ONNX's initialisers.
    pub constants: Vec<TensorProto>,
    /// Prefix of the names of nodes and constants; a `/` follows it.
    pub prefix: String,
}

/// Values of a constant tensor.
pub enum Values<'a> {
    /// Signed 8-bit integers.
    Int8(&'a [i8]),
    /// Unsigned 8-bit integers.
    Uint8(&'a [u8]),
    /// Signed 32-bit integers.
    Int32(&'a [i32]),
    /// Signed 64-bit integers.
    Int64(&'a [i64]),
    /// Single-precision numbers.
    Float(&'a [f32]),
    /// Double-precision numbers.
    Double(&'a [f64]),
}

impl Graph {
    /// Adds a node and returns the name of its output.
    pub fn node(
        &mut self,
        operator: &str,
        name: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let name = format!("{}/{name}", self.prefix);
        self.push(operator, name, inputs, attributes)
    }

    /// Adds a node without attributes. It and its output are called `name`, without the prefix. Returns `name`.
    pub fn named(&mut self, operator: &str, name: &str, inputs: &[&str]) -> String {
        self.push(operator, name.to_owned(), inputs, vec![])
    }

    fn push(
        &mut self,
        operator: &str,
        name: String,
        inputs: &[&str],
        attribute: Vec<AttributeProto>,
    ) -> String {
        self.nodes.push(NodeProto {
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: operator.to_owned(),
            attribute,
            ..NodeProto::default()
        });
        name
    }

    /// Adds a Slice that keeps the first `rows` and `columns` of a map, and returns the name of its output.
    pub fn cut(&mut self, name: &str, x: &str, [rows, columns]: [usize; 2]) -> String {
        let sizes = [rows as i64, columns as i64];
        let [starts, ends, axes] =
            [("starts", [0, 0]), ("ends", sizes), ("axes", [2, 3])].map(|(part, values)| {
                self.constant(&format!("{name}_{part}"), &[2], Values::Int64(&values))
            });
        self.node("Slice", name, &[x, &starts, &ends, &axes], vec![])
    }

    /// Adds a constant of shape `dims` and returns its name.
    pub fn constant(&mut self, name: &str, dims: &[usize], values: Values) -> String {
        let name = format!("{}/{name}", self.prefix);
        let (data_type, raw_data) = match values {
            Values::Int8(v) => (DataType::Int8, v.iter().map(|&v| v as u8).collect()),
            Values::Uint8(v) => (DataType::Uint8, v.to_vec()),
            Values::Int32(v) => (DataType::Int32, v.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Values::Int64(v) => (DataType::Int64, v.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Values::Float(v) => (DataType::Float, v.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Values::Double(v) => {
                (DataType::Double, v.iter().flat_map(|v| v.to_le_bytes()).collect())
            }
        };
        self.constants.push(TensorProto {
            dims: dims.iter().map(|&d| d as i64).collect(),
            data_type: data_type as i32,
            name: name.clone(),
            raw_data,
            ..TensorProto::default()
        });
        name
    }

    /// Adds a scalar double and returns its name.
    pub fn number(&mut self, name: &str, value: f64) -> String {
        self.constant(name, &[], Values::Double(&[value]))
    }

    /// Adds a Cast of `input` to type `to` and returns the name of its output.
    pub fn cast(&mut self, name: &str, input: &str, to: DataType) -> String {
        self.node("Cast", name, &[input], vec![int("to", to as i64)])
    }

    /// The model of the finished graph, with its inputs, its output and its metadata properties.
    pub fn model(
        self,
        name: &str,
        inputs: Vec<ValueInfoProto>,
        output: ValueInfoProto,
        metadata: Vec<(&str, String)>,
    ) -> ModelProto {
        let entry =
            |(key, value): (&str, String)| StringStringEntryProto { key: key.to_owned(), value };
        ModelProto {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
            producer_name: "pocket-dcgan".to_owned(),
            graph: Some(GraphProto {
                name: name.to_owned(),
                node: self.nodes,
                initializer: self.constants,
                input: inputs,
                output: vec![output],
                ..GraphProto::default()
            }),
            metadata_props: metadata.into_iter().map(entry).collect(),
            ..ModelProto::default()
        }
    }
}

fn attribute(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: kind as i32, ..AttributeProto::default() }
}

/// An attribute that is one whole number.
pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { i: value, ..attribute(name, AttributeType::Int) }
}

/// An attribute that is a list of whole numbers.
pub fn ints(name: &str, values: &[usize]) -> AttributeProto {
    let ints = values.iter().map(|&value| value as i64).collect();
    AttributeProto { ints, ..attribute(name, AttributeType::Ints) }
}

/// An attribute that is one float.
pub fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto { f: value, ..attribute(name, AttributeType::Float) }
}

/// An attribute that is a text.
pub fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto { s: value.as_bytes().to_vec(), ..attribute(name, AttributeType::String) }
}

/// The declaration of a float tensor of shape `[N, shape…]`, with a free batch. Negative sizes are free too.
pub fn tensor(name: &str, shape: &[i64]) -> ValueInfoProto {
    declaration(name, shape, DataType::Float)
}

/// As [`tensor`], of 64-bit integers.
pub fn labels(name: &str, shape: &[i64]) -> ValueInfoProto {
    declaration(name, shape, DataType::Int64)
}

fn declaration(name: &str, shape: &[i64], elements: DataType) -> ValueInfoProto {
    let free = Dimension { value: Some(Value::DimParam("N".to_owned())), ..Dimension::default() };
    let size = |&size: &i64| Dimension {
        value: (size >= 0).then_some(Value::DimValue(size)),
        ..Dimension::default()
    };
    let dim = [free].into_iter().chain(shape.iter().map(size)).collect();
    let value = type_proto::Value::TensorType(type_proto::Tensor {
        elem_type: elements as i32,
        shape: Some(TensorShapeProto { dim }),
    });
    let r#type = Some(TypeProto { value: Some(value), ..TypeProto::default() });
    ValueInfoProto { name: name.to_owned(), r#type, ..ValueInfoProto::default() }
}

/// Attributes of a convolution: the stride along both axes, the pads, and the output padding `extra`, if not 0.
pub fn geometry(stride: usize, pads: [usize; 4], extra: usize) -> Vec<AttributeProto> {
    let mut attributes = vec![ints("strides", &[stride, stride]), ints("pads", &pads)];
    if extra > 0 {
        attributes.push(ints("output_padding", &[extra, extra]));
    }
    attributes
}
