//! From an ONNX graph to a [`Network`]: every tensor is a constant, or a [view](view::View) of what a layer
//! gives or of the latent. Operators that move elements move those of views, operators on single elements
//! become steps of the layer, and a Gemm or convolution reads a view and is the next layer. What can't be
//! converted is refused by name, several things at once.
//!
//! - [`latent`], [`label`], [`form`]: the graph's inputs, and what becomes of them before the first layer;
//!   [`picture`]: its output
//! - [`operators`]: what each node is; [`tensor`], [`evaluate`]: constants
//! - [`layout`], [`moves`]: what only moves elements
//! - [`elementwise`]: biases, BatchNormalization, activations
//! - [`dense`], [`convolution`], [`kernel`]: layers as nodes have them; [`layers`]: their chain;
//!   [`beside`]: first layers beside each other, as one
//! - [`on_map`], [`fit`], [`spread`], [`cut`]: how a layer's input lies in the layer before

mod constant;
mod elementwise;
mod latent;
mod layer;
mod moves;
mod node;
mod operators;
mod picture;
#[cfg(test)]
mod tests;
pub mod verify;
mod view;

use crate::latent::wish::Wishes;
use crate::network::{Layer, Network};
use crate::onnx::input::Input;
use crate::onnx::source::Source;
use anyhow::{Context, Result, anyhow, ensure};
pub(crate) use constant::tensor::count;
use constant::tensor::{ELEMENT_LIMIT, Tensor};
use gen_core::MAX_LAYERS;
use gen_core::format::write::DraftPart;
use latent::form::Form;
use latent::label::ByLabel;
pub(crate) use latent::sizes;
use node::Node;
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::GraphProto;
use view::View;

/// Reads the network of `source`, its inputs as `wishes` ask.
///
/// # Errors
/// One line for each problem, that names the file, the node, its operator and the attribute at fault.
pub fn import(source: &Source, wishes: &Wishes) -> Result<Network> {
    let graph = source.proto.graph.as_ref().context("the file holds no graph")?;
    ensure!(
        !source.is_quantised(),
        "{}: already quantised: take the .gen beside it, or the float ONNX",
        source.path.display()
    );
    let path = source.path.display();
    walk(source, wishes, graph).map_err(|errors| {
        let lines: Vec<String> =
            errors.iter().take(REPORTED).map(|error| format!("{path}: {error:#}")).collect();
        let more = errors.len().saturating_sub(REPORTED);
        let more = if more > 0 { format!("\n{path}: and {more} more") } else { String::new() };
        anyhow!("{}{more}", lines.join("\n"))
    })
}

/// Most problems that are told at once.
const REPORTED: usize = 12;
/// Largest kernel side of a `.gen` file.
const KERNEL_LIMIT: usize = u8::MAX as usize;

/// A tensor of the graph.
#[derive(Clone)]
enum Value {
    Constant(Tensor),
    View(View),
    /// One for each label.
    ByLabel(ByLabel),
    /// Of a node that was refused, or that depends on such.
    Refused,
}

/// Where the walk has come to.
struct Walk<'a> {
    opset: i64,
    values: HashMap<&'a str, Value>,
    layers: Vec<Layer>,
    inputs: Vec<Input>,
    /// Those that a label is fixed for.
    fixed: Vec<Input>,
    latent: Vec<DraftPart>,
    latent_len: usize,
    /// What the elements of the latent have become.
    forms: Vec<Form>,
    /// Numbers in all of them.
    terms: usize,
    /// Outputs of the nodes that tell how many labels there are.
    tables: HashSet<&'a str>,
    /// How many layers read the latent: the first ones.
    first: usize,
}

fn walk(
    source: &Source,
    wishes: &Wishes,
    graph: &GraphProto,
) -> Result<Network, Vec<anyhow::Error>> {
    let one = |error| vec![error];
    let [output] = &graph.output[..] else {
        return Err(one(anyhow!("has {} outputs: a generator gives pictures", graph.output.len())));
    };
    let opsets = source.proto.opset_import.iter();
    let opset =
        opsets.filter(|it| matches!(it.domain.as_str(), "" | "ai.onnx")).map(|it| it.version);
    let opset = opset.max().unwrap_or(1);
    let mut walk = Walk {
        opset,
        values: HashMap::new(),
        layers: Vec::new(),
        inputs: Vec::new(),
        fixed: Vec::new(),
        latent: Vec::new(),
        latent_len: 0,
        forms: Vec::new(),
        terms: 0,
        tables: HashSet::new(),
        first: 0,
    };
    let needed = needed(graph, &output.name);
    let (mut errors, mut elements) = (Vec::new(), 0_usize);
    for tensor in &graph.initializer {
        if !needed.contains(tensor.name.as_str()) {
            continue;
        }
        let name = &tensor.name;
        let value = source.tensor(tensor).and_then(|decoded| {
            let value = Tensor::new(&decoded)?;
            value.with_context(|| {
                format!("tensor \"{name}\" holds {:?}: export in float32", decoded.datum_type())
            })
        });
        let value = value.map(Value::Constant).unwrap_or_else(|error| {
            errors.push(error);
            Value::Refused
        });
        walk.values.insert(name, value);
    }
    walk.inputs(source, wishes, graph, &needed).map_err(one)?;
    for node in graph.node.iter().map(Node) {
        if !node.0.output.iter().any(|name| needed.contains(name.as_str())) {
            continue;
        }
        let values = match walk.visit(node) {
            Ok(Some(values)) => values,
            Ok(None) => Vec::new(),
            Err(error) => {
                errors.push(error);
                // Only to find what else is wrong.
                walk.unchanged(node).into_iter().collect()
            }
        };
        let sizes = values.iter().map(|value| match value {
            Value::Constant(tensor) => count(tensor.dims()),
            Value::ByLabel(ByLabel { tensors, .. }) => {
                tensors.iter().map(|tensor| count(tensor.dims())).sum()
            }
            _ => 0,
        });
        elements = sizes.fold(elements, usize::saturating_add);
        if elements > 2 * ELEMENT_LIMIT {
            errors.push(node.refuse("computes too many constants"));
            break;
        }
        let mut values = values.into_iter();
        for name in &node.0.output {
            walk.values.insert(name, values.next().unwrap_or(Value::Refused));
        }
    }
    let end = walk.values.get(output.name.as_str()).cloned();
    if errors.is_empty() {
        let picture = walk.picture(output, end).map_err(one)?;
        let count = walk.layers.len();
        if count > MAX_LAYERS {
            return Err(one(anyhow!("has {count} layers, possible: 1…{MAX_LAYERS}")));
        }
        let Walk { inputs, fixed, latent, layers, .. } = walk;
        return Ok(Network { inputs, fixed, output: output.clone(), latent, picture, layers });
    }
    Err(errors)
}

/// Values as constants, if all of them are.
fn constants<'v>(values: &'v [Value]) -> Option<Vec<&'v Tensor>> {
    let constant = |value: &'v Value| match value {
        Value::Constant(tensor) => Some(tensor),
        _ => None,
    };
    values.iter().map(constant).collect()
}

/// Names of what the output depends on.
fn needed<'a>(graph: &'a GraphProto, output: &'a str) -> HashSet<&'a str> {
    let mut needed = HashSet::from([output]);
    for node in graph.node.iter().rev() {
        if node.output.iter().any(|name| needed.contains(name.as_str())) {
            needed.extend(node.input.iter().map(String::as_str));
        }
    }
    needed
}

impl<'a> Walk<'a> {
    /// What a node gives; nothing if that depends on what was refused.
    fn visit(&mut self, node: Node<'a>) -> Result<Option<Vec<Value>>> {
        ensure!(
            matches!(node.0.domain.as_str(), "" | "ai.onnx"),
            node.refuse(format!("domain {} is not supported", node.0.domain))
        );
        let (mut inputs, mut elements) = (Vec::new(), 0_usize);
        for name in node.0.input.iter().filter(|name| !name.is_empty()) {
            let value = self.values.get(name.as_str());
            let value =
                value.ok_or_else(|| node.refuse(format!("its input \"{name}\" is not there")))?;
            if matches!(value, Value::Refused) {
                return Ok(None);
            }
            if let Value::Constant(tensor) = value {
                elements = elements.saturating_add(count(tensor.dims()));
            }
            ensure!(elements <= 2 * ELEMENT_LIMIT, node.refuse("its inputs are too large"));
            inputs.push(value.clone());
        }
        if let Some(constants) = constants(&inputs) {
            return self.constants(node, &constants).map(Some);
        }
        let labels = inputs.iter().filter_map(|value| match value {
            Value::ByLabel(by_label) => Some((by_label.begin, by_label.tensors.len())),
            _ => None,
        });
        let labels: HashSet<(usize, usize)> = labels.collect();
        let views = inputs.iter().any(|value| matches!(value, Value::View(_)));
        match labels.into_iter().collect::<Vec<_>>()[..] {
            [(begin, count)] if !views => self.by_label(node, begin, count).map(Some),
            _ => self.operator(node, &inputs).map(Some),
        }
    }

    /// A constant input.
    fn constant(&self, node: Node, index: usize, what: &str) -> Result<&Tensor> {
        let name = node.input(index);
        ensure!(!name.is_empty(), node.refuse(format!("has no {what}")));
        match self.values.get(name) {
            Some(Value::Constant(tensor)) => Ok(tensor),
            Some(Value::ByLabel(_)) => Err(node.refuse(format!(
                "its {what} \"{name}\" depends on the label: fix that with --label K, from 0"
            ))),
            _ => Err(node.refuse(format!(
                "its {what} \"{name}\" is computed from the latent, not constant"
            ))),
        }
    }

    /// Shape and values of a float input, all of them finite.
    fn floats(&self, node: Node, index: usize, what: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        let Tensor::Floats(array) = self.constant(node, index, what)? else {
            return Err(node.refuse(format!("its {what} is not float32: export in float32")));
        };
        if let Some(bad) = array.iter().find(|value| !value.is_finite()) {
            return Err(node.refuse(format!("its {what} holds {bad}: train again or clean it")));
        }
        Ok((array.shape().to_vec(), array.iter().copied().collect()))
    }

    /// Values of an integer input.
    fn ints(&self, node: Node, index: usize, what: &str) -> Result<Vec<i64>> {
        let whole = self.constant(node, index, what)?.whole();
        whole.ok_or_else(|| node.refuse(format!("its {what} is not int64")))
    }
}
