//! Finds out which inputs of a graph are a label's number, and how many labels there are, by what the graph does with
//! the number.

use crate::import::constant::tensor::Tensor;
use crate::import::node::Node;
use crate::import::operator::{Move, Operator};
use crate::onnx::source::Source;
use std::collections::HashSet;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

/// Maximum number of nodes that are followed back from a node to its constant.
const STEPS: usize = 8;

/// An input that is a label's number.
pub(crate) struct Found<'g> {
    /// How many there are.
    pub(crate) labels: usize,
    /// The first outputs of the nodes that tell how many.
    pub(crate) nodes: Vec<&'g str>,
}

/// Number of labels, if input `name` is a label index: it selects a table row, a OneHot position, or is compared with
/// constants. The smallest count wins.
pub(crate) fn find<'g>(source: &Source, graph: &'g GraphProto, name: &'g str) -> Option<Found<'g>> {
    let mut numbers = HashSet::from([name]);
    let mut found: Option<Found> = None;
    for node in graph.node.iter().map(Node) {
        let is_number = |index: usize| numbers.contains(node.input(index));
        let count = match Operator::of(node) {
            Operator::Move(Move::Gather | Move::GatherNd) if is_number(1) => {
                rows(graph, node.input(0), node.int("axis", 0).unwrap_or(0))
            }
            Operator::OneHot if is_number(0) => depth(source, graph, node.input(1)),
            Operator::Equal if is_number(0) => compared(source, graph, node.input(1)),
            Operator::Equal if is_number(1) => compared(source, graph, node.input(0)),
            operator => {
                let reads = node.0.input.iter().any(|name| numbers.contains(name.as_str()));
                if reads && keeps_number(operator) {
                    numbers.extend(node.0.output.iter().map(String::as_str));
                }
                None
            }
        };
        if let (Some(count @ 2..), Some(output)) = (count, node.0.output.first()) {
            let found = found.get_or_insert(Found { labels: count, nodes: Vec::new() });
            found.labels = found.labels.min(count);
            found.nodes.push(output);
        }
    }
    found
}

/// Whether the output of an operator on a label's number may still be that number. Shapes and what is made of them are
/// compared and chosen by too, and say nothing of labels.
fn keeps_number(operator: Operator) -> bool {
    !matches!(
        operator,
        Operator::Gemm
            | Operator::MatMul
            | Operator::Concat
            | Operator::Dropout
            | Operator::Shape
            | Operator::Size
            | Operator::ConstantOfShape
            | Operator::Range
            | Operator::CastLike
            | Operator::Normalization
            | Operator::Random
            | Operator::Unknown
    )
}

/// The length of the table `name` along `axis`.
fn rows(graph: &GraphProto, name: &str, axis: i64) -> Option<usize> {
    let table = &tensor(graph, name)?.dims;
    let axis = if axis < 0 { axis + table.len() as i64 } else { axis };
    usize::try_from(*table.get(usize::try_from(axis).ok()?)?).ok()
}

/// The first number of the constant `name`.
fn depth(source: &Source, graph: &GraphProto, name: &str) -> Option<usize> {
    let depth = Tensor::new(&source.tensor(tensor(graph, name)?).ok()?).ok()??.first();
    depth.map(|depth| depth as usize)
}

/// How many numbers `name` is: a constant, or a Range from 0.
fn compared(source: &Source, graph: &GraphProto, name: &str) -> Option<usize> {
    if let Some(tensor) = tensor(graph, name) {
        let count = tensor.dims.iter().fold(1, |count: i64, size| count.saturating_mul(*size));
        return usize::try_from(count).ok();
    }
    let range = follow(graph, name)?;
    matches!(Operator::of(Node(range)), Operator::Range)
        .then(|| depth(source, graph, range.input.get(1)?))
        .flatten()
}

/// The constant `name`: an initialiser or a Constant node's value, perhaps after nodes that change its shape or type.
fn tensor<'g>(graph: &'g GraphProto, name: &'g str) -> Option<&'g TensorProto> {
    let initializer = |name: &str| graph.initializer.iter().find(|tensor| tensor.name == name);
    if let Some(tensor) = initializer(name) {
        return Some(tensor);
    }
    let node = follow(graph, name)?;
    match Operator::of(Node(node)) {
        Operator::Constant => node.attribute.iter().find(|it| it.name == "value")?.t.as_ref(),
        _ => initializer(node.input.first()?),
    }
}

/// The node that computes `name`, before nodes that change its shape or type.
fn follow<'g>(graph: &'g GraphProto, name: &'g str) -> Option<&'g NodeProto> {
    let mut name = name;
    for _ in 0..STEPS {
        let node =
            graph.node.iter().find(|node| node.output.iter().any(|output| output == name))?;
        let input = node.input.first().map_or("", String::as_str);
        let passes = matches!(
            Operator::of(Node(node)),
            Operator::Cast | Operator::Move(Move::Identity | Move::Unsqueeze | Move::Squeeze)
        );
        if !passes || graph.initializer.iter().any(|tensor| tensor.name == input) {
            return Some(node);
        }
        name = input;
    }
    None
}
