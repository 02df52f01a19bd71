//! Arithmetic of two operands: a view and a constant, several views of the same elements, or sums before the first
//! activation.

use crate::import::Importer;
use crate::import::constant::tensor::Tensor;
use crate::import::latent::sum::sum_of_first;
use crate::import::node::Node;
use crate::import::operator::Pair;
use crate::import::value::Value;
use crate::import::view::{Origin, View};
use crate::network::function::Function;
use crate::network::operation::{Binary, Both, Choice, Operation};
use anyhow::{Result, bail, ensure};

/// The result of `operator` for `view` and `constant`; `constant_first`: the constant is the first operand.
///
/// # Errors
/// If the constant differs from pixel to pixel, or between channels where it may not.
pub(crate) fn with_constant(
    importer: &mut Importer,
    node: Node,
    operator: Pair,
    view: &View,
    constant: &Tensor,
    constant_first: bool,
) -> Result<View> {
    node.expect(2, "")?;
    let view = &importer.forms.distinct(node, view)?;
    let numbers = importer.elements(view).of_tensor(node, view, constant, "other input")?;
    let operations = by_constant(node, operator, &numbers, constant_first)?;
    operations
        .into_iter()
        .try_fold(view.clone(), |view, operation| importer.forms.then(node, &view, operation))
}

/// What `operator` does to x if `numbers` are its other operand; `constant_first`: they are the first.
///
/// # Errors
/// If they differ between channels where they may not.
pub(crate) fn by_constant(
    node: Node,
    operator: Pair,
    numbers: &[f64],
    constant_first: bool,
) -> Result<Vec<Operation>> {
    let sum = |scale: f64, sign: f64| Operation::Affine {
        scale: vec![scale; numbers.len()],
        shift: numbers.iter().map(|n| n * sign).collect(),
    };
    let all = |number: f64| vec![number; numbers.len()];
    let uniform = numbers.iter().all(|n| *n == numbers[0]);
    let one = |what: &str| {
        ensure!(
            uniform,
            node.refuse(format!("has {what} for each channel: only one for all is supported"))
        );
        Ok(numbers[0])
    };
    let negative = Operation::Affine { scale: vec![-1.0], shift: vec![0.0] };
    let operation = match (operator, constant_first) {
        (Pair::Binary(Binary::Add), _) => sum(1.0, 1.0),
        (Pair::Binary(Binary::Sub), false) => sum(1.0, -1.0),
        (Pair::Binary(Binary::Sub), true) => sum(-1.0, 1.0),
        (Pair::Binary(Binary::Mul), _) => {
            let shift = all(0.0);
            Operation::Affine { scale: numbers.to_vec(), shift }
        }
        (Pair::Binary(Binary::Div), false) => {
            let scale = numbers.iter().map(|n| 1.0 / n).collect();
            Operation::Affine { scale, shift: all(0.0) }
        }
        (Pair::Binary(Binary::Div), true) => {
            let scale = vec![one("a dividend")?];
            let reciprocal = Operation::Function(Function::Reciprocal);
            return Ok(vec![reciprocal, Operation::Affine { scale, shift: vec![0.0] }]);
        }
        (Pair::Binary(Binary::Max), _) => Operation::Function(match one("a limit")? {
            0.0 => Function::Relu,
            low => Function::Clip(low, f64::INFINITY),
        }),
        (Pair::Binary(Binary::Min), _) => {
            Operation::Function(Function::Clip(f64::NEG_INFINITY, one("a limit")?))
        }
        (Pair::Greater, false) | (Pair::Less, true) => {
            Operation::Function(Function::Above(one("a limit")?))
        }
        (Pair::Greater, true) | (Pair::Less, false) => {
            // x is below a limit where −x is above the negative limit.
            let above = Operation::Function(Function::Above(-one("a limit")?));
            return Ok(vec![negative, above]);
        }
        (Pair::Pow, false) => match one("a power")? {
            2.0 => Operation::Both(Box::new(Both {
                binary: Binary::Mul,
                left: Vec::new(),
                right: Vec::new(),
            })),
            power => Operation::Function(Function::Power(power)),
        },
        (Pair::Pow, true) => {
            return Err(node.refuse("a constant to the power of a map is not supported"));
        }
    };
    Ok(vec![operation])
}

/// The result of `operator` for two views of the same elements, of the latent, or of two first layers.
///
/// # Errors
/// If the views show different elements that can't be added, or the operator takes no two views.
pub(crate) fn with_view(
    importer: &mut Importer,
    node: Node,
    operator: Pair,
    a: &View,
    b: &View,
) -> Result<View> {
    node.expect(2, "")?;
    let latents = a.origin == Origin::Latent && b.origin == Origin::Latent;
    let first = a.origin != b.origin && importer.chain.is_first(a) && importer.chain.is_first(b);
    let binary = match operator {
        Pair::Binary(sum @ (Binary::Add | Binary::Sub)) if latents || first => {
            let sign = if sum == Binary::Add { 1.0 } else { -1.0 };
            return match latents {
                true => importer.forms.sum(node, a, sign, b),
                false => sum_of_first(importer, node, a, sign, b),
            };
        }
        _ if a.origin == Origin::Latent || b.origin == Origin::Latent => {
            let what = match latents {
                true => "combines latents and labels in another way than by a sum",
                false => "applies a label or latents after the first layer",
            };
            bail!(node.refuse(format!("{what}{}", importer.forms.advice())))
        }
        Pair::Binary(binary) => binary,
        Pair::Pow => bail!(node.refuse("a map to the power of a map is not supported")),
        Pair::Greater | Pair::Less => {
            bail!(node.refuse("compares two maps: only a map and a constant are supported"))
        }
    };
    if let Some((common, negative)) = rectified(binary, a, b) {
        return importer.forms.then(node, &common, Operation::Slopes(negative));
    }
    let (common, [left, right]) = apart(node, [a, b])?;
    importer.forms.then(node, &common, slopes(binary, left, right))
}

/// What a Where node gives for `inputs`, a condition and two operands, each of which is a view or a number.
///
/// # Errors
/// If the views show different elements.
pub(crate) fn choice(importer: &mut Importer, node: Node, inputs: &[Value]) -> Result<View> {
    let [Value::View(condition), then, otherwise] = inputs else {
        bail!(node.refuse("its condition is a constant"));
    };
    let view = |value: &Value| match value {
        Value::View(view) => Ok(view.clone()),
        // Instead of what is done to these elements comes the number.
        Value::Constant(tensor) if tensor.numbers().len() == 1 => Ok(condition.clone()),
        Value::Constant(_) | Value::ByLabel(_) | Value::Length(_) | Value::Refused => {
            Err(node.refuse("chooses between maps of constants: not supported"))
        }
    };
    let (a, b) = (view(then)?, view(otherwise)?);
    let (common, [condition, mut a, mut b]) = apart(node, [condition, &a, &b])?;
    for (operations, value) in [(&mut a, then), (&mut b, otherwise)] {
        if let Value::Constant(tensor) = value {
            *operations = vec![Operation::Affine { scale: vec![0.0], shift: tensor.numbers() }];
        }
    }
    let choice = Choice { condition, then: a, otherwise: b };
    importer.forms.then(node, &common, Operation::Choice(Box::new(choice)))
}

/// Splits views of the same elements into the steps that they have in common and the operations of each after those.
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

/// `binary` of the results of `left` and `right`; a LeakyReLU if it is the larger of x and a fraction of x.
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
