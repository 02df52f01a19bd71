//! A layer's call while its ONNX nodes are made.

use crate::checkpoint::keras::config::Config;
use crate::checkpoint::keras::writer::{Doubt, Writer};
use crate::checkpoint::tensor::Tensor;
use crate::onnx::graph::{Graph, Values, ints};
use anyhow::{Context, Result, bail, ensure};
use ndarray::ArrayD;
use std::collections::HashSet;
use std::slice::Iter;
use tract_onnx::pb::AttributeProto;

/// A tensor of the ONNX graph.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// The name in the graph.
    pub(super) name: String,
    /// Keras' shape, without the batch.
    pub(super) shape: Vec<usize>,
    /// Whether the graph has it with the last axis first, as ONNX wants maps. Only maps, of three axes, can be.
    pub(super) turned: bool,
}

/// A map as ONNX wants it: channels, rows, columns.
pub(super) struct Map {
    pub(super) name: String,
    pub(super) channels: usize,
    pub(super) size: [usize; 2],
    /// Whether Keras has its channels first too.
    channels_first: bool,
}

/// A layer, what it is applied to, and the graph to add its nodes to.
pub(super) struct Call<'a> {
    pub(super) config: Config<'a>,
    pub(super) inputs: &'a [Value],
    /// The layer's weights that are not used yet.
    pub(super) variables: Iter<'a, Tensor>,
    /// Names of the models around the layer and its own.
    pub(super) path: &'a str,
    pub(super) writer: Writer,
    /// What the file leaves open.
    pub(super) doubts: &'a mut Vec<Doubt>,
    pub(super) graph: &'a mut Graph,
    /// The names in the graph.
    pub(super) names: &'a mut HashSet<String>,
}

impl Call<'_> {
    /// The layer's only input.
    pub(super) fn input(&self) -> Result<Value> {
        match self.inputs {
            [input] => Ok(input.clone()),
            inputs => bail!("has {} inputs", inputs.len()),
        }
    }

    /// The layer's only input as a map.
    pub(super) fn map(&mut self) -> Result<Map> {
        let input = self.input()?;
        let &[a, b, c] = &input.shape[..] else {
            bail!("is applied to shape {:?}, which is no map", input.shape);
        };
        let channels_first = self.config.channels_first()?;
        let (channels, size) = if channels_first { (a, [b, c]) } else { (c, [a, b]) };
        let name = if channels_first { self.straight(&input) } else { self.turned(&input) }.name;
        Ok(Map { name, channels, size, channels_first })
    }

    /// `value` in Keras' order of axes.
    pub(super) fn straight(&mut self, value: &Value) -> Value {
        self.transposed(value, false, &[0, 2, 3, 1])
    }

    /// `value`, of three axes, with the last axis first.
    pub(super) fn turned(&mut self, value: &Value) -> Value {
        self.transposed(value, true, &[0, 3, 1, 2])
    }

    fn transposed(&mut self, value: &Value, turned: bool, axes: &[usize]) -> Value {
        if value.turned == turned {
            return value.clone();
        }
        let name = self.node("Transpose", &[&value.name], vec![ints("perm", axes)]);
        Value { name, turned, ..value.clone() }
    }

    /// Adds a node and returns the name of its output.
    pub(super) fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let name = self.unique(operator);
        self.graph.node(operator, &name, inputs, attributes)
    }

    /// Adds a node that computes each element of its output from the same one of `value`, and perhaps constants.
    pub(super) fn each(
        &mut self,
        operator: &str,
        value: &Value,
        constants: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> Value {
        let inputs: Vec<_> =
            [value.name.as_str()].into_iter().chain(constants.iter().copied()).collect();
        let name = self.node(operator, &inputs, attributes);
        Value { name, ..value.clone() }
    }

    /// Adds a constant and returns its name.
    pub(super) fn constant(&mut self, role: &str, dims: &[usize], values: Values) -> String {
        let name = self.unique(role);
        self.graph.constant(&name, dims, values)
    }

    /// Adds a scalar constant and returns its name.
    pub(super) fn number(&mut self, role: &str, value: f64) -> String {
        self.constant(role, &[], Values::Float(&[value as f32]))
    }

    /// Adds a constant list of whole numbers and returns its name.
    pub(super) fn integers(&mut self, role: &str, values: &[i64]) -> String {
        self.constant(role, &[values.len()], Values::Int64(values))
    }

    /// Adds a Reshape to `shape` and the batch. Elements keep Keras' order.
    pub(super) fn reshaped(&mut self, value: &Value, shape: Vec<usize>) -> Value {
        let value = self.straight(value);
        let sides: Vec<_> = [-1].into_iter().chain(shape.iter().map(|&side| side as i64)).collect();
        let sides = self.integers("shape", &sides);
        let name = self.node("Reshape", &[&value.name, &sides], vec![]);
        Value { name, shape, turned: false }
    }

    /// The layer's next weights in Keras' order, which must have this shape.
    pub(super) fn weights(&mut self, role: &str, shape: &[usize]) -> Result<ArrayD<f32>> {
        let tensor = self.variables.next();
        let tensor = tensor.with_context(|| format!("has no {role} in the file"))?;
        ensure!(
            tensor.shape == shape,
            "has the {role} \"{}\" of shape {:?}, expected {shape:?}",
            tensor.name,
            tensor.shape
        );
        Ok(ArrayD::from_shape_vec(shape, tensor.values()?)?)
    }

    /// Adds the layer's next weights, a vector of `len`, as a constant and returns its name.
    pub(super) fn vector(&mut self, role: &str, len: usize) -> Result<String> {
        let values = self.weights(role, &[len])?;
        Ok(self.array(role, &values))
    }

    /// Adds `values` as a constant and returns its name.
    pub(super) fn array(&mut self, role: &str, values: &ArrayD<f32>) -> String {
        let flat: Vec<_> = values.iter().copied().collect();
        self.constant(role, values.shape(), Values::Float(&flat))
    }

    /// A name for a part of the layer that the graph does not have yet.
    fn unique(&mut self, part: &str) -> String {
        let name = format!("{}/{part}", self.path);
        let others = (2..).map(|number| format!("{name}_{number}"));
        let mut all = [name.clone()].into_iter().chain(others);
        let name = all.find(|name| !self.names.contains(name)).unwrap_or(name);
        self.names.insert(name.clone());
        name
    }
}

impl Map {
    /// The map of `channels` and `size` that the node `name` gives, channels where Keras has them.
    pub(super) fn value(
        &self,
        name: String,
        channels: usize,
        [height, width]: [usize; 2],
    ) -> Value {
        if self.channels_first {
            return Value { name, shape: vec![channels, height, width], turned: false };
        }
        Value { name, shape: vec![height, width, channels], turned: true }
    }
}
