//! Building an ONNX graph.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension::Value};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;

/// Nodes and constants, in order.
#[derive(Default)]
pub struct Graph {
    /// Nodes, each behind those that it needs.
    pub nodes: Vec<NodeProto>,
    /// Constants: ONNX's initialisers.
    pub constants: Vec<TensorProto>,
    /// What the names of the nodes begin with.
    pub prefix: String,
}

/// Values of a constant tensor.
pub enum Values<'a> {
    /// Of one byte.
    Int8(&'a [i8]),
    /// Likewise.
    Uint8(&'a [u8]),
    /// Of four bytes.
    Int32(&'a [i32]),
    /// Of eight bytes.
    Int64(&'a [i64]),
    /// Of single precision.
    Float(&'a [f32]),
    /// Of double precision.
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
        self.nodes.push(NodeProto {
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: operator.to_owned(),
            attribute: attributes,
            ..NodeProto::default()
        });
        name
    }

    /// Adds a node without attributes whose output has this very name, and returns that.
    pub fn named(&mut self, operator: &str, name: &str, inputs: &[&str]) -> String {
        self.nodes.push(NodeProto {
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![name.to_owned()],
            name: name.to_owned(),
            op_type: operator.to_owned(),
            ..NodeProto::default()
        });
        name.to_owned()
    }

    /// Adds what keeps the first rows and columns of a map, and returns the name of its output.
    pub fn cut(&mut self, name: &str, x: &str, [rows, columns]: [usize; 2]) -> String {
        let sizes = [rows as i64, columns as i64];
        let [starts, ends, axes] =
            [("starts", [0, 0]), ("ends", sizes), ("axes", [2, 3])].map(|(part, values)| {
                self.constant(&format!("{name}_{part}"), &[2], Values::Int64(&values))
            });
        self.node("Slice", name, &[x, &starts, &ends, &axes], vec![])
    }

    /// Adds a constant and returns its name.
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

    /// Adds a scalar double.
    pub fn number(&mut self, name: &str, value: f64) -> String {
        self.constant(name, &[], Values::Double(&[value]))
    }

    /// Adds a conversion of `input` and returns its name.
    pub fn cast(&mut self, name: &str, input: &str, to: DataType) -> String {
        self.node("Cast", name, &[input], vec![int("to", to as i64)])
    }

    /// The whole model: an input, an output, and what `metadata` says of it.
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

/// An attribute of one whole number.
pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Int as i32,
        i: value,
        ..AttributeProto::default()
    }
}

/// An attribute of whole numbers.
pub fn ints(name: &str, values: &[usize]) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Ints as i32,
        ints: values.iter().map(|&v| v as i64).collect(),
        ..AttributeProto::default()
    }
}

/// An attribute of one number.
pub fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Float as i32,
        f: value,
        ..AttributeProto::default()
    }
}

/// A float tensor with a free batch; negative sizes are free too.
pub fn tensor(name: &str, shape: &[i64]) -> ValueInfoProto {
    let free = Dimension { value: Some(Value::DimParam("N".to_owned())), ..Dimension::default() };
    let size = |&size: &i64| Dimension {
        value: (size >= 0).then_some(Value::DimValue(size)),
        ..Dimension::default()
    };
    let dim = [free].into_iter().chain(shape.iter().map(size)).collect();
    let value = type_proto::Value::TensorType(type_proto::Tensor {
        elem_type: DataType::Float as i32,
        shape: Some(TensorShapeProto { dim }),
    });
    let r#type = Some(TypeProto { value: Some(value), ..TypeProto::default() });
    ValueInfoProto { name: name.to_owned(), r#type, ..ValueInfoProto::default() }
}

/// Attributes of a convolution.
pub fn geometry(stride: usize, pads: [usize; 4], extra: usize) -> Vec<AttributeProto> {
    let mut attributes = vec![ints("strides", &[stride, stride]), ints("pads", &pads)];
    if extra > 0 {
        attributes.push(ints("output_padding", &[extra, extra]));
    }
    attributes
}

/// An attribute of text.
pub fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::String as i32,
        s: value.as_bytes().to_vec(),
        ..AttributeProto::default()
    }
}
