//! Arithmetic of a view and a constant.

use crate::import::constant::tensor::Tensor;
use crate::import::importer::Importer;
use crate::import::node::Node;
use crate::import::operator::Pair;
use crate::import::view::View;
use crate::network::function::Function;
use crate::network::operation::{Binary, Both, Operation};
use anyhow::{Result, ensure};

/// The result of `operator` for `view` and `constant`; `constant_first`: the constant is the first operand.
///
/// # Errors
/// If the constant differs from pixel to pixel, or between channels where it may not.
pub(crate) fn with_constant(
    it: &mut Importer,
    node: Node,
    operator: Pair,
    view: &View,
    constant: &Tensor,
    constant_first: bool,
) -> Result<View> {
    node.expect(2, &[])?;
    let view = &it.forms.distinct(node, view)?;
    let numbers = it.elements(view).of_tensor(node, view, constant, "other input")?;
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
            // Zeros with the numbers' signs.
            let shift = numbers.iter().map(|n| n * 0.0).collect();
            Operation::Affine { scale: numbers, shift }
        }
        (Pair::Binary(Binary::Div), false) => {
            let scale = numbers.iter().map(|n| 1.0 / n).collect();
            Operation::Affine { scale, shift: all(0.0) }
        }
        (Pair::Binary(Binary::Div), true) => {
            let reciprocal = Operation::Function(Function::Reciprocal);
            let view = it.forms.then(node, view, reciprocal)?;
            let scale = vec![one("a dividend")?];
            return it.forms.then(node, &view, Operation::Affine { scale, shift: vec![0.0] });
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
            let view = it.forms.then(node, view, negative)?;
            let above = Operation::Function(Function::Above(-one("a limit")?));
            return it.forms.then(node, &view, above);
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
    it.forms.then(node, view, operation)
}
