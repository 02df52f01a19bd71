//! Labels: which inputs are a label's number, told by what becomes of them; and what depends on one alone,
//! an embedding for one: one constant for each label.

use crate::import::constant::evaluate::is_arithmetic;
use crate::import::constant::tensor::{ELEMENT_LIMIT, Tensor, count};
use crate::import::{Node, Value, Walk, constants, moves};
use crate::onnx::source::Source;
use anyhow::{Result, ensure};
use std::collections::HashSet;
use std::sync::Arc;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

/// Most nodes between a constant and what is told of it.
const STEPS: usize = 8;

/// What is known of a label.
pub(crate) struct Found<'g> {
    /// How many there are.
    pub(crate) labels: usize,
    /// The first outputs of the nodes that tell so.
    pub(crate) nodes: Vec<&'g str>,
}

/// What the input `name` is the number of, if it is one's: a row of a table, the place of a OneHot, or one
/// of several numbers that it is compared with. The shortest table counts.
pub(crate) fn find<'g>(source: &Source, graph: &'g GraphProto, name: &'g str) -> Option<Found<'g>> {
    let mut numbers = HashSet::from([name]);
    let mut found: Option<Found> = None;
    for node in &graph.node {
        let at = |index: usize| node.input.get(index).map_or("", String::as_str);
        let there = |index: usize| numbers.contains(at(index));
        let count = match node.op_type.as_str() {
            "Gather" | "GatherND" if there(1) => {
                let axis = node.attribute.iter().find(|it| it.name == "axis").map_or(0, |it| it.i);
                rows(graph, at(0), axis)
            }
            "OneHot" if there(0) => depth(source, graph, at(1)),
            "Equal" if there(0) || there(1) => {
                compared(source, graph, if there(0) { at(1) } else { at(0) })
            }
            operator => {
                let passes = operator == "Cast"
                    || moves::OPERATORS.contains(&operator)
                    || is_arithmetic(operator) && !matches!(operator, "MatMul" | "Gemm");
                if passes && node.input.iter().any(|name| numbers.contains(name.as_str())) {
                    numbers.extend(node.output.iter().map(String::as_str));
                }
                None
            }
        };
        if let (Some(count @ 2..), Some(output)) = (count, node.output.first()) {
            let found = found.get_or_insert(Found { labels: count, nodes: Vec::new() });
            found.labels = found.labels.min(count);
            found.nodes.push(output);
        }
    }
    found
}

/// What depends on a label alone.
#[derive(Clone, Debug)]
pub(crate) struct ByLabel {
    /// Where the latent's part of the label begins.
    pub(crate) begin: usize,
    /// What it is for each label.
    pub(crate) tensors: Arc<Vec<Tensor>>,
}

impl<'a> Walk<'a> {
    /// What a node that depends on one label alone gives for each.
    pub(crate) fn by_label(
        &mut self,
        node: Node<'a>,
        begin: usize,
        labels: usize,
    ) -> Result<Vec<Value>> {
        let names: HashSet<&str> =
            node.0.input.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let before: Vec<(&str, Value)> = names
            .iter()
            .filter_map(|name| Some((*name, self.values.get(name)?.clone())))
            .filter(|(_, value)| matches!(value, Value::ByLabel(_)))
            .collect();
        let mut results: Vec<Vec<Tensor>> = Vec::new();
        let mut elements = 0_usize;
        let mut each = |walk: &mut Self, number: usize| -> Result<()> {
            for (name, value) in &before {
                if let Value::ByLabel(ByLabel { tensors, .. }) = value {
                    walk.values.insert(name, Value::Constant(tensors[number].clone()));
                }
            }
            let names = node.0.input.iter().filter(|name| !name.is_empty());
            let given: Vec<Value> =
                names.filter_map(|name| walk.values.get(name.as_str()).cloned()).collect();
            let gives = walk.constants(node, &constants(&given).unwrap_or_default())?;
            if node.0.output.first().is_some_and(|name| walk.tables.contains(name.as_str())) {
                check(node, number, &given, &gives)?;
            }
            for (index, value) in gives.into_iter().enumerate() {
                let Value::Constant(tensor) = value else {
                    return Err(node.refuse("gives what is no constant of a label"));
                };
                elements = elements.saturating_add(count(tensor.dims()));
                results.resize_with(results.len().max(index + 1), Vec::new);
                results[index].push(tensor);
            }
            ensure!(elements <= 2 * ELEMENT_LIMIT, node.refuse("computes too much for all labels"));
            Ok(())
        };
        let done = (0..labels).try_for_each(|label| each(self, label));
        self.values.extend(before);
        done?;
        let alike = |tensors: &Vec<Tensor>| {
            tensors.len() == labels
                && tensors.windows(2).all(|pair| pair[0].dims() == pair[1].dims())
        };
        ensure!(results.iter().all(alike), node.refuse("gives another shape for each label"));
        let value = |tensors: Vec<Tensor>| match tensors.windows(2).all(|pair| pair[0] == pair[1]) {
            true => Value::Constant(tensors[0].clone()),
            false => Value::ByLabel(ByLabel { begin, tensors: Arc::new(tensors) }),
        };
        Ok(results.into_iter().map(value).collect())
    }
}

/// Refuses a node that tells how many labels there are, if number `label` is not that of a label: it is
/// given these values and gives those.
fn check(node: Node, label: usize, given: &[Value], gives: &[Value]) -> Result<()> {
    let numbers = |value: Option<&Value>| match value {
        Some(Value::Constant(tensor)) => tensor.numbers(),
        _ => Vec::new(),
    };
    let as_expected = match node.operator() {
        "Equal" => {
            let flags = numbers(gives.first());
            flags.iter().enumerate().all(|(i, flag)| (*flag == 1.0) == (i == label))
        }
        operator => {
            let index = numbers(given.get(usize::from(operator != "OneHot")));
            index.iter().all(|number| *number == label as f64)
        }
    };
    let what =
        format!("its label {label} is not number {label} here: fix one with --label K, from 0");
    ensure!(as_expected, node.refuse(what));
    Ok(())
}

fn rows(graph: &GraphProto, name: &str, axis: i64) -> Option<usize> {
    let table = &tensor(graph, name)?.dims;
    let axis = if axis < 0 { axis + table.len() as i64 } else { axis };
    usize::try_from(*table.get(usize::try_from(axis).ok()?)?).ok()
}

fn depth(source: &Source, graph: &GraphProto, name: &str) -> Option<usize> {
    let depth = Tensor::new(&source.tensor(tensor(graph, name)?).ok()?).ok()??.numbers();
    depth.first().map(|depth| *depth as usize)
}

/// How many numbers there are: of a constant, or of a Range from 0.
fn compared(source: &Source, graph: &GraphProto, name: &str) -> Option<usize> {
    if let Some(tensor) = tensor(graph, name) {
        let count = tensor.dims.iter().fold(1, |count: i64, size| count.saturating_mul(*size));
        return usize::try_from(count).ok();
    }
    let range = follow(graph, name)?;
    (range.op_type == "Range").then(|| depth(source, graph, range.input.get(1)?)).flatten()
}

/// The tensor of that name: an initializer or a Constant node's, or what is such in another shape or type.
fn tensor<'g>(graph: &'g GraphProto, name: &'g str) -> Option<&'g TensorProto> {
    let initializer = |name: &str| graph.initializer.iter().find(|tensor| tensor.name == name);
    if let Some(tensor) = initializer(name) {
        return Some(tensor);
    }
    let node = follow(graph, name)?;
    match node.op_type.as_str() {
        "Constant" => node.attribute.iter().find(|it| it.name == "value")?.t.as_ref(),
        _ => initializer(node.input.first()?),
    }
}

/// The node that gives `name`, or gives it before it gets another shape or type.
fn follow<'g>(graph: &'g GraphProto, name: &'g str) -> Option<&'g NodeProto> {
    let mut name = name;
    for _ in 0..STEPS {
        let node =
            graph.node.iter().find(|node| node.output.iter().any(|output| output == name))?;
        let input = node.input.first().map_or("", String::as_str);
        let passes = ["Identity", "Cast", "Unsqueeze", "Squeeze"].contains(&node.op_type.as_str());
        if !passes || graph.initializer.iter().any(|tensor| tensor.name == input) {
            return Some(node);
        }
        name = input;
    }
    None
}
