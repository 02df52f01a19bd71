//! The graph's tensors while its nodes are visited: what each name stands for so far.

use crate::import::constant::tensor::Tensor;
use crate::import::latent::length::Length;
use crate::import::node::Node;
use crate::import::view::View;
use anyhow::{Result, ensure};
use std::collections::HashMap;
use std::sync::Arc;

/// A tensor of the graph.
#[derive(Clone)]
pub(crate) enum Value {
    Constant(Tensor),
    /// Elements of a layer's output or of the latent.
    View(View),
    /// A constant for each label.
    ByLabel(ByLabel),
    /// A number that depends on the length of the latent.
    Length(Length),
    /// The output of a node that was refused, or of one that depends on such a node.
    Refused,
}

/// A tensor that depends on one label and on nothing else: an embedding, for example.
#[derive(Clone, Debug)]
pub(crate) struct ByLabel {
    /// The first element of the label's part of the latent.
    pub(crate) begin: usize,
    /// The tensor for each label.
    pub(crate) tensors: Arc<Vec<Tensor>>,
}

/// All tensors known so far, by name.
pub(crate) struct Scope<'a> {
    /// The version of ONNX's operators that the file uses.
    pub(crate) opset: i64,
    /// The batch that the graph declares. Views and labels are those of one example.
    pub(crate) batch: usize,
    by_name: HashMap<&'a str, Value>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(opset: i64) -> Self {
        Self { opset, batch: 1, by_name: HashMap::new() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.by_name.get(name)
    }

    /// Sets what `name` stands for from now on.
    pub(crate) fn set(&mut self, name: &'a str, value: Value) {
        self.by_name.insert(name, value);
    }

    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.by_name.values_mut()
    }

    /// All views of the graph so far.
    pub(crate) fn views_mut(&mut self) -> impl Iterator<Item = &mut View> {
        self.all_mut().filter_map(|value| match value {
            Value::View(view) => Some(view),
            Value::Constant(_) | Value::ByLabel(_) | Value::Length(_) | Value::Refused => None,
        })
    }

    /// The constant that is input `index` of `node`; `what` it is for, in messages.
    ///
    /// # Errors
    /// If it is missing or not constant.
    pub(crate) fn constant(&self, node: Node, index: usize, what: &str) -> Result<&Tensor> {
        let name = node.input(index);
        ensure!(!name.is_empty(), node.refuse(format!("has no {what}")));
        let why = match self.get(name) {
            Some(Value::Constant(tensor)) => return Ok(tensor),
            Some(Value::ByLabel(_)) => "depends on the label: choose one with --label K, from 0",
            Some(Value::View(_) | Value::Length(_) | Value::Refused) | None => {
                "is computed from the latent, not constant"
            }
        };
        Err(node.refuse(format!("its {what} \"{name}\" {why}")))
    }

    /// Shape and values of a [constant](Self::constant) in float32, all of them finite.
    pub(crate) fn floats(
        &self,
        node: Node,
        index: usize,
        what: &str,
    ) -> Result<(Vec<usize>, Vec<f32>)> {
        let Tensor::Floats(array) = self.constant(node, index, what)? else {
            return Err(node.refuse(format!("its {what} is not float32: export in float32")));
        };
        if let Some(bad) = array.iter().find(|value| !value.is_finite()) {
            return Err(node.refuse(format!("its {what} holds {bad}: train again or clean it")));
        }
        Ok((array.shape().to_vec(), array.iter().copied().collect()))
    }

    /// A list of whole numbers that is an attribute in an operator's first versions and input `index` since; none if
    /// `node` has neither.
    pub(crate) fn list(&self, node: Node, index: usize, name: &str) -> Result<Option<Vec<i64>>> {
        match node.ints(name)? {
            Some(list) => Ok(Some(list.to_vec())),
            None if node.input(index).is_empty() => Ok(None),
            None => self.ints(node, index, name).map(Some),
        }
    }

    /// Values of a [constant](Self::constant) in whole numbers.
    pub(crate) fn ints(&self, node: Node, index: usize, what: &str) -> Result<Vec<i64>> {
        let whole = self.constant(node, index, what)?.whole();
        whole.ok_or_else(|| node.refuse(format!("its {what} is not int64")))
    }
}

/// The tensors, if all `values` are constants.
pub(crate) fn constants<'v>(values: &'v [Value]) -> Option<Vec<&'v Tensor>> {
    let constant = |value: &'v Value| match value {
        Value::Constant(tensor) => Some(tensor),
        Value::View(_) | Value::ByLabel(_) | Value::Length(_) | Value::Refused => None,
    };
    values.iter().map(constant).collect()
}
