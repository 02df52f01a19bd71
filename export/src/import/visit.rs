//! Visits the nodes of a graph in order, and makes a [`Network`] of what they are.

use crate::import::Importer;
use crate::import::constant::compute::compute;
use crate::import::constant::tensor::Tensor;
use crate::import::latent::GraphInputs;
use crate::import::latent::by_label::by_label;
use crate::import::latent::form::Forms;
use crate::import::layer::chain::Chain;
use crate::import::node::Node;
use crate::import::on_view;
use crate::import::operator::Operator;
use crate::import::picture::{chosen, picture};
use crate::import::value::{ByLabel, Scope, Value, constants};
use crate::latent::wish::Wishes;
use crate::network::Network;
use crate::onnx::batch::freed;
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use crate::onnx::source::Source;
use anyhow::{Context, Error, Result, anyhow, ensure};
use gen_core::MAX_LAYERS;
use std::collections::HashSet;
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto, ValueInfoProto};

/// The network of `graph`, which is the graph of `source`, with its inputs as `wishes` ask.
///
/// # Errors
/// All problems that are found: after a node that is refused, the nodes that do not depend on it are still visited.
pub(crate) fn network(
    source: &Source,
    wishes: &Wishes,
    graph: &GraphProto,
) -> Result<Network, Vec<Error>> {
    let one = |error| vec![error];
    let output = &freed(chosen(graph, wishes).map_err(one)?);
    let needed = needed(graph, output);
    let mut errors = Vec::new();
    let mut scope = Scope::new(opset(&source.proto));
    initialisers(source, graph, &needed, &mut scope, &mut errors);
    let inputs = GraphInputs::read((source, wishes), graph, &needed, &mut scope).map_err(one)?;
    let (forms, chain) = (Forms::new(&inputs.latent), Chain::new(inputs.latent_len()));
    let notes = Vec::new();
    let mut importer = Importer { scope, inputs, forms, chain, notes };
    nodes(&mut importer, graph, &needed, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let (picture, trailing_layers) =
        picture(&mut importer, output, wishes.shape.as_ref()).map_err(one)?;
    let Importer { scope, inputs, forms, chain, notes } = importer;
    let (batch, layers) = (scope.batch, chain.layers);
    let count = layers.len();
    if count > MAX_LAYERS {
        return Err(one(anyhow!("has {count} layers, possible: 1…{MAX_LAYERS}")));
    }
    let GraphInputs { drawn, fixed, latent, .. } = inputs;
    let latent = forms.parts(latent).map_err(one)?;
    let (inputs, output) = (drawn, output.clone());
    Ok(Network { inputs, fixed, output, batch, latent, picture, layers, trailing_layers, notes })
}

/// The version of ONNX's operators that a file uses.
fn opset(proto: &ModelProto) -> i64 {
    let opsets = proto.opset_import.iter();
    let own = opsets.filter(|it| matches!(it.domain.as_str(), "" | "ai.onnx"));
    own.map(|it| it.version).max().unwrap_or(1)
}

/// Names of the tensors that `output` depends on, and its own.
fn needed<'a>(graph: &'a GraphProto, output: &'a ValueInfoProto) -> HashSet<&'a str> {
    let mut needed = HashSet::from([output.name.as_str()]);
    for node in graph.node.iter().rev() {
        if node.output.iter().any(|name| needed.contains(name.as_str())) {
            needed.extend(node.input.iter().map(String::as_str));
        }
    }
    needed
}

/// Sets the values of the initialisers that are needed: the graph's weights.
fn initialisers<'a>(
    source: &Source,
    graph: &'a GraphProto,
    needed: &HashSet<&str>,
    scope: &mut Scope<'a>,
    errors: &mut Vec<Error>,
) {
    for tensor in graph.initializer.iter().filter(|it| needed.contains(it.name.as_str())) {
        let value = initialiser(source, tensor).map(Value::Constant).unwrap_or_else(|error| {
            errors.push(error);
            Value::Refused
        });
        scope.set(&tensor.name, value);
    }
}

fn initialiser(source: &Source, tensor: &TensorProto) -> Result<Tensor> {
    let decoded = source.tensor(tensor)?;
    Tensor::new(&decoded)?.with_context(|| {
        let (name, held) = (&tensor.name, decoded.datum_type());
        format!("tensor \"{name}\" holds {held:?}: export in float32")
    })
}

/// Visits the nodes that are needed, and sets the values of their outputs.
fn nodes<'a>(
    importer: &mut Importer<'a>,
    graph: &'a GraphProto,
    needed: &HashSet<&str>,
    errors: &mut Vec<Error>,
) {
    let mut elements = 0_usize;
    for node in graph.node.iter().map(Node) {
        if !node.0.output.iter().any(|name| needed.contains(name.as_str())) {
            continue;
        }
        let operator = Operator::of(node);
        let outputs = match visit(importer, node, operator) {
            Ok(outputs) => outputs.unwrap_or_default(),
            Err(error) => {
                errors.push(error);
                // Its input instead, to find more problems after it.
                let first = importer.scope.get(node.input(0));
                let first =
                    first.filter(|_| operator.keeps_shape() && views(&importer.scope, node) < 2);
                first.cloned().into_iter().collect()
            }
        };
        elements = outputs.iter().map(constant_elements).fold(elements, usize::saturating_add);
        if elements > 2 * ELEMENT_LIMIT {
            errors.push(node.refuse("computes too many constants"));
            break;
        }
        let mut outputs = outputs.into_iter();
        for name in &node.0.output {
            importer.scope.set(name, outputs.next().unwrap_or(Value::Refused));
        }
    }
}

/// How many inputs of `node` depend on the latent.
fn views(scope: &Scope, node: Node) -> usize {
    let is_view = |name: &&String| matches!(scope.get(name), Some(Value::View(_)));
    node.0.input.iter().filter(is_view).count()
}

/// Elements that a value takes memory for.
fn constant_elements(value: &Value) -> usize {
    match value {
        Value::Constant(tensor) => count(tensor.dims()),
        Value::ByLabel(ByLabel { tensors, .. }) => {
            tensors.iter().map(|tensor| count(tensor.dims())).sum()
        }
        Value::View(_) | Value::Length(_) | Value::Refused => 0,
    }
}

/// The outputs of `node`; none if they depend on a node that was refused.
fn visit<'a>(
    importer: &mut Importer<'a>,
    node: Node<'a>,
    operator: Operator,
) -> Result<Option<Vec<Value>>> {
    ensure!(
        matches!(node.0.domain.as_str(), "" | "ai.onnx"),
        node.refuse(format!("domain {} is not supported", node.0.domain))
    );
    let Some(inputs) = inputs(&importer.scope, node)? else { return Ok(None) };
    if let Some(constants) = constants(&inputs) {
        let outputs = compute(node, operator, &constants, &importer.scope, 1)?;
        return Ok(Some(outputs.into_iter().map(Value::Constant).collect()));
    }
    let labels = inputs.iter().filter_map(|value| match value {
        Value::ByLabel(by_label) => Some((by_label.begin, by_label.tensors.len())),
        Value::Constant(_) | Value::View(_) | Value::Length(_) | Value::Refused => None,
    });
    let labels: HashSet<(usize, usize)> = labels.collect();
    let views = inputs.iter().any(|value| matches!(value, Value::View(_)));
    let outputs = match labels.into_iter().collect::<Vec<_>>()[..] {
        [label] if !views => {
            by_label(node, operator, label, &mut importer.scope, &importer.inputs.tables)
        }
        _ => on_view::outputs(importer, node, operator, &inputs),
    };
    outputs.map(Some)
}

/// The values of the inputs of `node` that are not left out; none if one of them was refused.
fn inputs(scope: &Scope, node: Node) -> Result<Option<Vec<Value>>> {
    let (mut inputs, mut elements) = (Vec::new(), 0_usize);
    for name in node.0.input.iter().filter(|name| !name.is_empty()) {
        let value = scope.get(name);
        let value =
            value.ok_or_else(|| node.refuse(format!("its input \"{name}\" is not there")))?;
        if let Value::Refused = value {
            return Ok(None);
        }
        elements = elements.saturating_add(constant_elements(value));
        ensure!(elements <= 2 * ELEMENT_LIMIT, node.refuse("its inputs are too large"));
        inputs.push(value.clone());
    }
    Ok(Some(inputs))
}
