//! Arithmetic of several views: of the same elements, or sums before the first activation.

use crate::import::importer::Importer;
use crate::import::latent::sum::sum_of_first;
use crate::import::node::Node;
use crate::import::operator::Pair;
use crate::import::view::{Origin, View};
use crate::network::function::Function;
use crate::network::operation::{Binary, Both, Choice, Operation};
use anyhow::{Result, ensure};

/// The result of `operator` for two views of the same elements, of the latent, or of two first layers.
///
/// # Errors
/// If the views show different elements that can't be added, or the operator takes no two views.
pub(crate) fn with_view(
    it: &mut Importer,
    node: Node,
    operator: Pair,
    a: &View,
    b: &View,
) -> Result<View> {
    node.expect(2, &[])?;
    let latents = a.origin == Origin::Latent && b.origin == Origin::Latent;
    let first = a.origin != b.origin && it.chain.is_first(a) && it.chain.is_first(b);
    let binary = match operator {
        Pair::Binary(binary) => {
            let sign = match binary {
                Binary::Add => Some(1.0),
                Binary::Sub => Some(-1.0),
                Binary::Mul | Binary::Div | Binary::Max | Binary::Min => None,
            };
            match sign {
                Some(sign) if latents => return it.forms.sum(node, a, sign, b),
                Some(sign) if first => return sum_of_first(it, node, a, sign, b),
                Some(_) => binary,
                None if latents => return Err(no_sum(node)),
                None => binary,
            }
        }
        Pair::Pow | Pair::Greater | Pair::Less if latents => return Err(no_sum(node)),
        Pair::Pow => return Err(node.refuse("a map to the power of a map is not supported")),
        Pair::Greater | Pair::Less => {
            return Err(node.refuse("compares two maps: only a map and a constant are supported"));
        }
    };
    if let Some((common, negative)) = rectified(binary, a, b) {
        return it.forms.then(node, &common, Operation::Slopes(negative));
    }
    let (common, [left, right]) = apart(node, [a, b])?;
    it.forms.then(node, &common, slopes(binary, left, right))
}

fn no_sum(node: Node) -> anyhow::Error {
    node.refuse(
        "combines latents and labels in another way than by a sum: choose the label with --label K, from 0",
    )
}

/// `then` where `condition` is not 0, else `otherwise`; each is a view, or the number beside it.
///
/// # Errors
/// If the views show different elements.
pub(crate) fn choice(
    it: &mut Importer,
    node: Node,
    condition: &View,
    then: (&View, Option<f64>),
    otherwise: (&View, Option<f64>),
) -> Result<View> {
    let views = [condition, then.0, otherwise.0];
    let (common, [condition, mut a, mut b]) = apart(node, views)?;
    let constant = |number: f64| vec![Operation::Affine { scale: vec![0.0], shift: vec![number] }];
    for (operations, number) in [(&mut a, then.1), (&mut b, otherwise.1)] {
        if let Some(number) = number {
            *operations = constant(number);
        }
    }
    let choice = Choice { condition, then: a, otherwise: b };
    it.forms.then(node, &common, Operation::Choice(Box::new(choice)))
}

/// Views of the same elements as the steps that they have in common and the operations of each after those.
fn apart<const N: usize>(node: Node, views: [&View; N]) -> Result<(View, [Vec<Operation>; N])> {
    let first = views[0];
    ensure!(
        views.iter().all(|it| it.origin == first.origin && it.elements == first.elements),
        node.refuse(
            "combines the outputs of different layers, a skip connection, which needs whole maps: only one \
             layer after the other can be converted"
        )
    );
    let shortest = views.iter().map(|view| view.steps.len()).min().unwrap_or(0);
    let same = (0..shortest)
        .take_while(|i| views.iter().all(|view| view.steps[*i] == first.steps[*i]))
        .count();
    let rest = views.map(|view| -> Vec<Operation> {
        view.steps[same..].iter().map(|step| step.operation.clone()).collect()
    });
    ensure!(
        rest.iter().flatten().all(Operation::is_uniform),
        node.refuse("combines views after numbers for each channel: only one number for all channels is supported")
    );
    let single =
        |operations: Vec<Operation>| operations.into_iter().map(Operation::single).collect();
    let common = View { steps: first.steps[..same].to_vec(), ..first.clone() };
    Ok((common, rest.map(single)))
}

/// x and its slopes below 0, if `a` and `b` are max(x, 0) and scale·max(−x, 0) and are added: Keras' PReLU.
fn rectified(binary: Binary, a: &View, b: &View) -> Option<(View, Vec<f64>)> {
    let (a, b) = if a.steps.len() < b.steps.len() { (a, b) } else { (b, a) };
    let (last, before) = a.steps.split_last()?;
    let behind = b.steps.strip_prefix(before)?;
    let operations: Vec<&Operation> = behind.iter().map(|step| &step.operation).collect();
    let [
        Operation::Affine { scale: minus, shift: none },
        rectifier,
        Operation::Affine { scale, shift },
    ] = operations[..]
    else {
        return None;
    };
    let relu = Operation::Function(Function::Relu);
    let opposite = minus.iter().all(|n| *n == -1.0) && none.iter().chain(shift).all(|n| *n == 0.0);
    let same = a.origin == b.origin && a.elements == b.elements;
    let fits = binary == Binary::Add && same && opposite;
    let common = View { steps: before.to_vec(), ..a.clone() };
    (fits && last.operation == relu && *rectifier == relu)
        .then(|| (common, scale.iter().map(|n| -n).collect()))
}

/// `binary` of the results of `left` and `right`; a LeakyReLU if it is the larger of x and a part of x.
fn slopes(binary: Binary, left: Vec<Operation>, right: Vec<Operation>) -> Operation {
    let part = |operations: &[Operation]| match operations {
        [Operation::Affine { scale, shift }] if shift[0] == 0.0 => Some(scale[0]),
        _ => None,
    };
    let slope = match (left.is_empty(), right.is_empty()) {
        (true, _) => part(&right),
        (_, true) => part(&left),
        _ => None,
    };
    match slope {
        Some(slope) if binary == Binary::Max && (0.0..1.0).contains(&slope) => {
            Operation::Function(Function::LeakyRelu(slope))
        }
        _ => Operation::Both(Box::new(Both { binary, left, right })),
    }
}
