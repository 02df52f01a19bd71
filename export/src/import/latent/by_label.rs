//! Nodes that depend on one label and on nothing else, an embedding for example: computed once for each label.

use crate::import::constant::compute::compute;
use crate::import::constant::tensor::Tensor;
use crate::import::node::Node;
use crate::import::operator::Operator;
use crate::import::value::{ByLabel, Scope, Value, constants};
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, ensure};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The outputs of `node`, which reads constants and what depends on the label of `labels` values whose part of the
/// latent begins with element `begin`. `tables` are the outputs of nodes that choose by the label's number.
///
/// # Errors
/// If the node can't be computed, its outputs' shapes depend on the label, or it chooses by another number.
pub(crate) fn by_label<'a>(
    node: Node<'a>,
    operator: Operator,
    (begin, labels): (usize, usize),
    scope: &mut Scope<'a>,
    tables: &HashSet<&str>,
) -> Result<Vec<Value>> {
    let label = |name: &'a String| match scope.get(name) {
        Some(Value::ByLabel(by_label)) => Some((name.as_str(), by_label.clone())),
        _ => None,
    };
    let before: HashMap<&'a str, ByLabel> = node.0.input.iter().filter_map(label).collect();
    let is_table = node.0.output.first().is_some_and(|name| tables.contains(name.as_str()));
    // Layouts look up their constants by name: while a label is computed, the names stand for its constants.
    let each = |label: usize| {
        for (name, ByLabel { tensors, .. }) in &before {
            scope.set(name, Value::Constant(tensors[label].clone()));
        }
        outputs(node, operator, scope, is_table.then_some(label))
    };
    let results = every_label(node, labels, each);
    for (name, by_label) in before {
        scope.set(name, Value::ByLabel(by_label));
    }
    let value = |tensors: Vec<Tensor>| match tensors.windows(2).all(|pair| pair[0] == pair[1]) {
        true => Value::Constant(tensors[0].clone()),
        false => Value::ByLabel(ByLabel { begin, tensors: Arc::new(tensors) }),
    };
    Ok(results?.into_iter().map(value).collect())
}

/// The outputs of `node` for one label, whose constants are in `scope`; checked, if the node is a table, for `label`.
fn outputs(
    node: Node,
    operator: Operator,
    scope: &Scope,
    label: Option<usize>,
) -> Result<Vec<Tensor>> {
    let names = node.0.input.iter().filter(|name| !name.is_empty());
    let given: Vec<Value> = names.filter_map(|name| scope.get(name).cloned()).collect();
    let given = constants(&given).unwrap_or_default();
    let gives = compute(node, operator, &given, scope, scope.batch)?;
    if let Some(label) = label {
        check(node, operator, label, &given, &gives)?;
    }
    Ok(gives)
}

/// For each output of `node` the tensors that `outputs` gives for `labels` labels.
fn every_label(
    node: Node,
    labels: usize,
    mut outputs: impl FnMut(usize) -> Result<Vec<Tensor>>,
) -> Result<Vec<Vec<Tensor>>> {
    let mut results: Vec<Vec<Tensor>> = Vec::new();
    let mut elements = 0_usize;
    for label in 0..labels {
        for (index, tensor) in outputs(label)?.into_iter().enumerate() {
            elements = elements.saturating_add(count(tensor.dims()));
            results.resize_with(results.len().max(index + 1), Vec::new);
            results[index].push(tensor);
        }
        ensure!(elements <= 2 * ELEMENT_LIMIT, node.refuse("computes too much for all labels"));
    }
    let alike = |tensors: &Vec<Tensor>| {
        tensors.len() == labels && tensors.windows(2).all(|pair| pair[0].dims() == pair[1].dims())
    };
    ensure!(results.iter().all(alike), node.refuse("gives another shape for each label"));
    Ok(results)
}

/// Refuses `node`, which tells how many labels there are, if it does not choose row or place `label` for label `label`:
/// a graph may have changed the number before. `given` are its inputs, `gives` its outputs.
fn check(
    node: Node,
    operator: Operator,
    label: usize,
    given: &[&Tensor],
    gives: &[Tensor],
) -> Result<()> {
    let as_expected = if let Operator::Equal = operator {
        let flags = gives.first().map(Tensor::numbers).unwrap_or_default();
        flags.iter().enumerate().all(|(i, flag)| (*flag == 1.0) == (i == label))
    } else {
        // A table's rows are chosen by input 1, the places of a OneHot by input 0.
        let index = given.get(usize::from(!matches!(operator, Operator::OneHot)));
        let index = index.map(|tensor| tensor.numbers()).unwrap_or_default();
        index.iter().all(|number| *number == label as f64)
    };
    let what =
        format!("its label {label} is not number {label} here: choose one with --label K, from 0");
    ensure!(as_expected, node.refuse(what));
    Ok(())
}
