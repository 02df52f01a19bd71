//! The epilogues of two layers whose features become those of one.

use crate::network::function::Function;
use crate::network::operation::{Operation, Step};
use std::ops::Range;

/// `operation`, of the features `place`, for all features: it leaves the others as they are. A function is returned
/// unchanged.
pub(crate) fn extended(operation: &Operation, place: &Range<usize>, all: usize) -> Operation {
    let numbers = |own: &[f64], other: f64| -> Vec<f64> {
        let number =
            |i| if place.contains(&i) { own[(i - place.start) % own.len()] } else { other };
        (0..all).map(number).collect()
    };
    match operation {
        Operation::Affine { scale, shift } => {
            Operation::Affine { scale: numbers(scale, 1.0), shift: numbers(shift, 0.0) }
        }
        Operation::Slopes(slopes) => Operation::Slopes(numbers(slopes, 1.0)),
        Operation::Function(_) | Operation::Both(_) | Operation::Choice(_) => operation.clone(),
    }
}

/// Merges the steps `a` of features `0..own` and `b` of features `own..all`; `None` if their activations cannot be
/// merged. `positive[i]`: the activation's input in group `i` is never negative.
pub(crate) fn together(
    a: &[Step],
    own: usize,
    b: &[Step],
    all: usize,
    positive: [bool; 2],
) -> Option<Vec<Step>> {
    let affine = |step: &&Step| step.operation.is_affine();
    let split = |steps: &[Step]| -> Option<(Vec<Step>, Option<Step>, Vec<Step>)> {
        let before: Vec<Step> = steps.iter().take_while(affine).cloned().collect();
        let activation = steps.get(before.len()).cloned();
        let behind = steps.get(before.len() + 1..).unwrap_or_default();
        behind.iter().all(|step| affine(&step)).then(|| (before, activation, behind.to_vec()))
    };
    let (before_a, function_a, behind_a) = split(a)?;
    let (before_b, function_b, behind_b) = split(b)?;
    let places = [0..own, own..all];
    let of = |steps: Vec<Step>, place: usize| {
        let places = places.clone();
        steps.into_iter().map(move |step| Step {
            operation: extended(&step.operation, &places[place], all),
            ..step
        })
    };
    let activation = match (function_a, function_b) {
        (None, None) => None,
        (Some(a), Some(b)) if a.operation == b.operation && a.operation.is_uniform() => Some(a),
        // ReLU and LeakyReLU change nothing that is not below 0.
        (Some(a), None) if positive[1] && is_rectifier(&a) => Some(a),
        (None, Some(b)) if positive[0] && is_rectifier(&b) => Some(b),
        (a, b) => {
            let name = a.as_ref().or(b.as_ref()).map(|step| step.node.clone());
            let [a, b] = [slopes(a.as_ref())?, slopes(b.as_ref())?];
            let number = |i: usize| if i < own { a[i % a.len()] } else { b[(i - own) % b.len()] };
            let operation = Operation::Slopes((0..all).map(number).collect());
            Some(Step { node: name.unwrap_or_default(), operation })
        }
    };
    let steps = of(before_a, 0).chain(of(before_b, 1)).chain(activation);
    Some(steps.chain(of(behind_a, 0)).chain(of(behind_b, 1)).collect())
}

/// What an activation, or none, multiplies numbers below 0 by.
fn slopes(step: Option<&Step>) -> Option<Vec<f64>> {
    step.map_or(Some(vec![1.0]), |step| step.operation.slopes())
}

fn is_rectifier(step: &Step) -> bool {
    matches!(step.operation, Operation::Function(Function::Relu | Function::LeakyRelu(_)))
}
