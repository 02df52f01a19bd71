//! The graph's constant tensors: initializers and Constant nodes.

use super::node::Node;
use crate::load::Source;
use anyhow::{Result, anyhow, ensure};
use std::collections::HashMap;
use tract_onnx::pb::{GraphProto, TensorProto, tensor_proto::DataType};

/// Constant tensors by name, decoded when asked for.
pub(super) struct Constants<'a> {
    source: &'a Source,
    tensors: HashMap<&'a str, Constant<'a>>,
}

#[derive(Clone)]
enum Constant<'a> {
    Tensor(&'a TensorProto),
    Floats(Vec<usize>, &'a [f32]),
    Ints(&'a [i64]),
}

impl<'a> Constants<'a> {
    pub(super) fn new(source: &'a Source, graph: &'a GraphProto) -> Self {
        let named = |tensor: &'a TensorProto| (tensor.name.as_str(), Constant::Tensor(tensor));
        Self { source, tensors: graph.initializer.iter().map(named).collect() }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Takes the value of a Constant node.
    pub(super) fn add(&mut self, node: Node<'a>) -> Result<()> {
        let [attribute] = &node.0.attribute[..] else {
            return Err(node.refuse("must have exactly one attribute"));
        };
        let constant = match (attribute.name.as_str(), &attribute.t) {
            ("value", Some(tensor)) => Constant::Tensor(tensor),
            ("value_float", _) => Constant::Floats(vec![], std::slice::from_ref(&attribute.f)),
            ("value_floats", _) => {
                Constant::Floats(vec![attribute.floats.len()], &attribute.floats)
            }
            ("value_int", _) => Constant::Ints(std::slice::from_ref(&attribute.i)),
            ("value_ints", _) => Constant::Ints(&attribute.ints),
            (other, _) => return Err(node.refuse(format!("attribute {other} is not supported"))),
        };
        self.tensors.insert(node.0.output.first().map_or("", String::as_str), constant);
        Ok(())
    }

    /// Whether `node` merely renames a constant; exporters do so where weights are shared.
    pub(super) fn alias(&mut self, node: Node<'a>) -> bool {
        let Some(constant) = self.tensors.get(node.input(0)).cloned() else { return false };
        self.tensors.insert(node.0.output.first().map_or("", String::as_str), constant);
        true
    }

    fn get(&self, node: Node, index: usize, what: &str) -> Result<&Constant<'a>> {
        let name = node.input(index);
        ensure!(!name.is_empty(), node.refuse(format!("has no {what}")));
        self.tensors.get(name).ok_or_else(|| {
            node.refuse(format!(
                "its {what} \"{name}\" is computed, not constant: export with constant folding"
            ))
        })
    }

    /// Shape and values of a float32 input, all of them finite.
    pub(super) fn floats(
        &self,
        node: Node,
        index: usize,
        what: &str,
    ) -> Result<(Vec<usize>, Vec<f32>)> {
        let wrong_type = || node.refuse(format!("its {what} is not float32: export in float32"));
        let (shape, values) = match self.get(node, index, what)? {
            Constant::Tensor(proto) => {
                ensure!(proto.data_type == DataType::Float as i32, wrong_type());
                let tensor = self.source.tensor(proto).map_err(|error| node.refuse(error))?;
                let view = tensor.to_plain_array_view::<f32>().map_err(|e| anyhow!("{e:#}"))?;
                (tensor.shape().to_vec(), view.iter().copied().collect())
            }
            Constant::Floats(shape, values) => (shape.clone(), values.to_vec()),
            Constant::Ints(_) => return Err(wrong_type()),
        };
        let bad = values.iter().find(|value| !value.is_finite());
        if let Some(bad) = bad {
            return Err(node.refuse(format!("its {what} holds {bad}: train again or clean it")));
        }
        Ok((shape, values))
    }

    /// Values of an integer input.
    pub(super) fn ints(&self, node: Node, index: usize, what: &str) -> Result<Vec<i64>> {
        let wrong_type = || node.refuse(format!("its {what} is not int64"));
        match self.get(node, index, what)? {
            Constant::Tensor(proto) => {
                ensure!(proto.data_type == DataType::Int64 as i32, wrong_type());
                let tensor = self.source.tensor(proto).map_err(|error| node.refuse(error))?;
                let view = tensor.to_plain_array_view::<i64>().map_err(|e| anyhow!("{e:#}"))?;
                Ok(view.iter().copied().collect())
            }
            Constant::Ints(values) => Ok(values.to_vec()),
            Constant::Floats(..) => Err(wrong_type()),
        }
    }

    /// A boolean scalar.
    pub(super) fn flag(&self, node: Node, index: usize, what: &str) -> Result<bool> {
        let Constant::Tensor(proto) = self.get(node, index, what)? else {
            return Err(node.refuse(format!("its {what} is not boolean")));
        };
        Ok(proto.raw_data.first().is_some_and(|&b| b != 0)
            || proto.int32_data.first().is_some_and(|&b| b != 0))
    }
}
