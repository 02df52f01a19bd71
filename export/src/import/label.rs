//! Inputs that are a label's number, told by what becomes of them.

use super::evaluate::is_arithmetic;
use super::moves;
use super::tensor::Tensor;
use crate::load::Source;
use std::collections::HashSet;
use tract_onnx::pb::{GraphProto, TensorProto};

/// Most copies of a copy that are followed.
const COPIES: usize = 8;

/// How many labels there are, if the input `name` ends up as the number of one: the rows of the table
/// that it chooses from, the depth of a OneHot, or how many numbers it is compared with.
pub(super) fn count(source: &Source, graph: &GraphProto, name: &str) -> Option<usize> {
    let mut numbers = HashSet::from([name]);
    for node in &graph.node {
        let at = |index: usize| node.input.get(index).map_or("", String::as_str);
        let there = |index: usize| numbers.contains(at(index));
        let found = match node.op_type.as_str() {
            "Gather" if there(1) => {
                let axis = node.attribute.iter().find(|it| it.name == "axis").map_or(0, |it| it.i);
                let table = dims(graph, at(0))?;
                let axis = if axis < 0 { axis + table.len() as i64 } else { axis };
                table.get(usize::try_from(axis).ok()?).copied()
            }
            "OneHot" if there(0) => {
                let depth = source.tensor(tensor(graph, at(1))?).ok()?;
                let depth = Tensor::new(&depth).ok()??.numbers();
                depth.first().map(|depth| *depth as usize)
            }
            "Equal" if there(0) || there(1) => {
                let other = if there(0) { at(1) } else { at(0) };
                dims(graph, other).map(|dims| dims.iter().product())
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
        if found.is_some_and(|count| count > 1) {
            return found;
        }
    }
    None
}

/// The tensor of that name: an initializer or a Constant node's, or a copy of such.
fn tensor<'g>(graph: &'g GraphProto, name: &str) -> Option<&'g TensorProto> {
    let mut name = name;
    for _ in 0..COPIES {
        if let Some(tensor) = graph.initializer.iter().find(|tensor| tensor.name == name) {
            return Some(tensor);
        }
        let node =
            graph.node.iter().find(|node| node.output.iter().any(|output| output == name))?;
        match node.op_type.as_str() {
            "Constant" => {
                return node.attribute.iter().find(|it| it.name == "value")?.t.as_ref();
            }
            "Identity" => name = node.input.first()?,
            _ => return None,
        }
    }
    None
}

fn dims(graph: &GraphProto, name: &str) -> Option<Vec<usize>> {
    tensor(graph, name)?.dims.iter().map(|dim| usize::try_from(*dim).ok()).collect()
}
