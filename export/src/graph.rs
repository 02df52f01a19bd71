//! Building an ONNX graph.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

/// Nodes and constants, in order.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<NodeProto>,
    pub(crate) constants: Vec<TensorProto>,
    /// What the names of the nodes begin with.
    pub(crate) prefix: String,
}

/// Values of a constant tensor.
pub(crate) enum Values<'a> {
    Int8(&'a [i8]),
    Int64(&'a [i64]),
    Float(&'a [f32]),
    Double(&'a [f64]),
}

impl Graph {
    /// Adds a node and returns the name of its output.
    pub(crate) fn node(
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

    /// Adds a constant and returns its name.
    pub(crate) fn constant(&mut self, name: &str, dims: &[usize], values: Values) -> String {
        let name = format!("{}/{name}", self.prefix);
        let (data_type, raw_data) = match values {
            Values::Int8(v) => (DataType::Int8, v.iter().map(|&v| v as u8).collect()),
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
    pub(crate) fn number(&mut self, name: &str, value: f64) -> String {
        self.constant(name, &[], Values::Double(&[value]))
    }

    pub(crate) fn cast(&mut self, name: &str, input: &str, to: DataType) -> String {
        self.node("Cast", name, &[input], vec![int("to", to as i64)])
    }
}

pub(crate) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Int as i32,
        i: value,
        ..AttributeProto::default()
    }
}

pub(crate) fn ints(name: &str, values: &[usize]) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Ints as i32,
        ints: values.iter().map(|&v| v as i64).collect(),
        ..AttributeProto::default()
    }
}

#[cfg(test)]
pub(crate) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Float as i32,
        f: value,
        ..AttributeProto::default()
    }
}

#[cfg(test)]
pub(crate) fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::String as i32,
        s: value.as_bytes().to_vec(),
        ..AttributeProto::default()
    }
}
