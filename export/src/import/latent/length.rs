//! Latents that are normalised before the first layer: PixelNorm, z / √(mean of z²), and z divided by its own length.
//!
//! The squares of one whole part of the latent, their sum, and what is computed of the sum are values of their own. A
//! part that is multiplied or divided by such a number becomes its normalised elements, if the number has exactly that
//! effect.

use crate::import::Importer;
use crate::import::constant::tensor::Tensor;
use crate::import::elementwise::alone::clip_limits;
use crate::import::elementwise::pair::by_constant;
use crate::import::latent::form::Form;
use crate::import::node::Node;
use crate::import::operator::{Move, Operator, Pair};
use crate::import::value::Value;
use crate::import::view::{Origin, View};
use crate::latent::places;
use crate::network::function::Function;
use crate::network::operation::{Binary, Operation};
use anyhow::{Result, bail, ensure};
use std::ops::Range;

/// Largest relative deviation from normalised elements that a network's epsilon may make.
const TOLERANCE: f64 = 5e-5;
/// Mean squares between which that holds.
const MEAN_SQUARES: [f64; 5] = [0.125, 0.5, 1.0, 2.0, 8.0];

/// A number that depends on the length of one part of the latent alone; or the squares that are its summands.
#[derive(Clone)]
pub(crate) struct Length {
    /// The part's elements in the latent.
    part: Range<usize>,
    /// The shape of the squares, while they are not summed.
    squares: Option<Vec<usize>>,
    /// What is done to the sum of the squares, first to last.
    steps: Vec<Operation>,
}

/// The outputs of `node` for `inputs`, if it computes or uses the length of a part of the latent.
///
/// # Errors
/// If it uses the length in another way than to normalise the part.
pub(crate) fn outputs(
    importer: &mut Importer,
    node: Node,
    operator: Operator,
    inputs: &[Value],
) -> Result<Option<Vec<Value>>> {
    let output = match inputs {
        [Value::View(view), ..] if !inputs.iter().any(|it| matches!(it, Value::Length(_))) => {
            match squares(importer, node, operator, view, inputs)? {
                Some(length) => Value::Length(length),
                None => return Ok(None),
            }
        }
        [Value::View(view), Value::Length(length)] => {
            Value::View(normalized(importer, node, operator, view, length)?)
        }
        [Value::Length(length), Value::View(view)]
            if matches!(operator, Operator::Pair(Pair::Binary(Binary::Mul))) =>
        {
            Value::View(normalized(importer, node, operator, view, length)?)
        }
        [Value::Length(length), ..] | [Value::Constant(_), Value::Length(length)] => {
            let mut length = length.clone();
            match &length.squares {
                Some(dims) => {
                    let steps = summed(importer, node, operator, dims, &length.part)?;
                    length.steps.extend(steps);
                    length.squares = None;
                }
                None => length.steps.extend(operations(importer, node, operator, inputs)?),
            }
            Value::Length(length)
        }
        _ if inputs.iter().any(|it| matches!(it, Value::Length(_))) => bail!(refusal(node)),
        _ => return Ok(None),
    };
    Ok(Some(vec![output]))
}

fn refusal(node: Node) -> anyhow::Error {
    node.refuse("computes with the length of the latents in another way than to normalise them: not supported")
}

/// The squares of `view`, or the number that is made of their sum, if `node` computes that and `view` is one whole part
/// of the latent.
fn squares(
    importer: &Importer,
    node: Node,
    operator: Operator,
    view: &View,
    inputs: &[Value],
) -> Result<Option<Length>> {
    let root = Operation::Function(Function::Sqrt);
    let steps = match (operator, &inputs[1..]) {
        (Operator::Pair(Pair::Binary(Binary::Mul)), [Value::View(other)])
            if other.origin == view.origin && other.elements == view.elements =>
        {
            None
        }
        (Operator::Pair(Pair::Pow), [Value::Constant(power)]) if power.numbers() == [2.0] => None,
        (Operator::Reduce, _) if node.0.op_type == "ReduceSumSquare" => Some(vec![]),
        (Operator::Reduce, _) if node.0.op_type == "ReduceL2" => Some(vec![root]),
        _ => return Ok(None),
    };
    let Some(part) = whole_part(importer, view) else { return Ok(None) };
    if steps.is_some() {
        check_axes(importer, node, view.dims())?;
    }
    let squares = steps.is_none().then(|| view.dims().to_vec());
    Ok(Some(Length { part, squares, steps: steps.unwrap_or_default() }))
}

/// The elements of the part that `view` shows, if it shows each of them once and unchanged.
fn whole_part(importer: &Importer, view: &View) -> Option<Range<usize>> {
    let plain = |at: &i32| match importer.forms.get(usize::try_from(*at).ok()?) {
        Form { terms, constant: 0.0 } => match terms[..] {
            [(element, 1.0)] => Some(element),
            _ => None,
        },
        Form { .. } => None,
    };
    if view.origin != Origin::Latent {
        return None;
    }
    let mut elements = view.elements.iter().map(plain).collect::<Option<Vec<usize>>>()?;
    elements.sort_unstable();
    places(&importer.inputs.latent).find(|part| elements.iter().copied().eq(part.clone()))
}

/// Refuses a reduction of squares of shape `dims` that leaves more than one number or sums those of a whole batch.
fn check_axes(importer: &Importer, node: Node, dims: &[usize]) -> Result<()> {
    let axes = importer.scope.list(node, 1, "axes")?.unwrap_or_default();
    let axes = axes.iter().map(|at| node.axis(*at, dims.len())).collect::<Result<Vec<_>>>()?;
    let all = (1..dims.len()).all(|at| dims[at] == 1 || axes.contains(&at));
    ensure!(
        all && !axes.contains(&0) && dims.first() == Some(&1),
        node.refuse(format!(
            "sums squares of shape {dims:?} along axes {axes:?}: latents can only be normalised one by one, each input \
             by all of its elements"
        ))
    );
    Ok(())
}

/// What `node` makes of the sum of the squares of `part`, which have shape `dims`.
fn summed(
    importer: &Importer,
    node: Node,
    operator: Operator,
    dims: &[usize],
    part: &Range<usize>,
) -> Result<Vec<Operation>> {
    let scale = match (operator, node.0.op_type.as_str()) {
        (Operator::Reduce, "ReduceSum") => 1.0,
        (Operator::Reduce, "ReduceMean") => 1.0 / part.len() as f64,
        _ => bail!(refusal(node)),
    };
    check_axes(importer, node, dims)?;
    Ok(vec![Operation::Affine { scale: vec![scale], shift: vec![0.0] }])
}

/// What `node` does to a number, one of its `inputs`.
fn operations(
    importer: &Importer,
    node: Node,
    operator: Operator,
    inputs: &[Value],
) -> Result<Vec<Operation>> {
    let number = |constant: &Tensor| {
        let numbers = constant.numbers();
        ensure!(numbers.len() == 1, refusal(node));
        Ok(numbers)
    };
    match (operator, inputs) {
        (Operator::Function(read), _) => Ok(vec![Operation::Function(read(node)?)]),
        (Operator::Clip, _) => Ok(vec![Operation::Function(clip_limits(&importer.scope, node)?)]),
        (Operator::Pair(pair), [Value::Length(_), Value::Constant(constant)]) => {
            by_constant(node, pair, &number(constant)?, false)
        }
        (Operator::Pair(pair), [Value::Constant(constant), Value::Length(_)]) => {
            by_constant(node, pair, &number(constant)?, true)
        }
        // A number stays the same in another shape.
        (
            Operator::Move(
                Move::Identity | Move::Reshape | Move::Squeeze | Move::Unsqueeze | Move::Expand,
            )
            | Operator::Cast,
            _,
        ) => Ok(vec![]),
        _ => Err(refusal(node)),
    }
}

/// `view`, of elements of one part, multiplied or divided by `length`, of the same part: its normalised elements.
fn normalized(
    importer: &mut Importer,
    node: Node,
    operator: Operator,
    view: &View,
    length: &Length,
) -> Result<View> {
    let divided = match operator {
        Operator::Pair(Pair::Binary(Binary::Mul)) => false,
        Operator::Pair(Pair::Binary(Binary::Div)) => true,
        _ => bail!(refusal(node)),
    };
    ensure!(view.origin == Origin::Latent && length.squares.is_none(), refusal(node));
    let len = length.part.len() as f64;
    // Times the root of the mean square, so that it does not depend on the latent if this is a normalisation.
    let factor = |mean: f64| {
        let number = length.steps.iter().fold(mean * len, |x, step| step.at(x, 0));
        mean.sqrt() * if divided { 1.0 / number } else { number }
    };
    let one = factor(1.0);
    let same = |mean: f64| (factor(mean) / one - 1.0).abs() <= TOLERANCE;
    ensure!(
        one.is_finite() && MEAN_SQUARES.into_iter().all(same),
        node.refuse(
            "scales the latents by another function of their length than 1/√(mean of squares): only normalised latents \
             are supported"
        )
    );
    importer.forms.normalized(node, view, &length.part, one)?.ok_or_else(|| refusal(node))
}

#[cfg(test)]
mod tests {
    use crate::import::import;
    use crate::import::verify::{Check, verify};
    use crate::latent::wish::Wishes;
    use crate::onnx::graph::{Values, ints};
    use crate::onnx::source::Source;
    use crate::sketch::Sketch;

    /// Names a node and its operator, and lists its inputs: `z` is the latent, a number is a constant. The axes follow,
    /// if it has any.
    type Line<'a> = (&'a str, &'a str, &'a [&'a str], Option<&'a [usize]>);

    /// A generator on what the last of `lines` gives.
    fn source(lines: &[Line]) -> Source {
        let mut sketch = Sketch::new(&[6]);
        for (name, operator, inputs, axes) in lines {
            let inputs = inputs.iter().enumerate().map(|(i, input)| match input.parse::<f32>() {
                Ok(number) => {
                    sketch.graph.constant(&format!("{name}{i}"), &[], Values::Float(&[number]))
                }
                Err(_) => {
                    if *input == "z" {
                        "z".to_owned()
                    } else {
                        format!("net/{input}")
                    }
                }
            });
            let inputs: Vec<String> = inputs.collect();
            let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
            let axes = axes.map(|axes| ints("axes", axes)).into_iter().collect();
            sketch.current = sketch.graph.node(operator, name, &inputs, axes);
        }
        let weights = sketch.constant(&[6, 16], 0.5);
        sketch.then("MatMul", &[&weights], vec![]).plain("Tanh").reshape(&[-1, 1, 4, 4]).finish()
    }

    /// PixelNorm, with these axes and this epsilon.
    fn pixelnorm<'a>(axes: &'a [usize], epsilon: &'a [&'a str]) -> Vec<Line<'a>> {
        vec![
            ("squares", "Mul", &["z", "z"], None),
            ("mean", "ReduceMean", &["squares"], Some(axes)),
            ("sum", "Add", epsilon, None),
            ("root", "Sqrt", &["sum"], None),
            ("normal", "Div", &["z", "root"], None),
        ]
    }

    #[test]
    fn normalised_latents_are_recognised() {
        let ways: [Vec<Line>; 4] = [
            pixelnorm(&[1], &["mean", "1e-8"]),
            vec![
                ("squares", "Pow", &["z", "2"], None),
                ("sum", "ReduceMean", &["squares"], Some(&[1])),
                ("power", "Pow", &["sum", "-0.5"], None),
                ("normal", "Mul", &["power", "z"], None),
            ],
            vec![
                ("length", "ReduceL2", &["z"], Some(&[1])),
                ("clip", "Clip", &["length", "1e-12"], None),
                ("scaled", "Mul", &["clip", "0.5"], None),
                ("normal", "Div", &["z", "scaled"], None),
            ],
            vec![
                ("minus", "Neg", &["z"], None),
                ("sum", "ReduceSumSquare", &["z"], Some(&[1])),
                ("root", "Sqrt", &["sum"], None),
                ("inverse", "Div", &["3", "root"], None),
                ("normal", "Mul", &["minus", "inverse"], None),
            ],
        ];
        for lines in ways {
            let source = source(&lines);
            let network = import(&source, &Wishes::default()).unwrap();
            assert!(network.latent[0].normalized, "{lines:?}");
            assert_eq!(verify(&source, &network), Check::Same, "{lines:?}");
        }
    }

    #[test]
    fn other_uses_of_the_length_are_refused() {
        let refused = |lines: &[Line], expected: &str| {
            let error = format!("{:#}", import(&source(lines), &Wishes::default()).unwrap_err());
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        };
        refused(&pixelnorm(&[1], &["mean", "0.1"]), "another function of their length");
        refused(&pixelnorm(&[0, 1], &["mean", "1e-8"]), "along axes [0, 1]");
        refused(&pixelnorm(&[0], &["mean", "1e-8"]), "along axes [0]");
        let with = |more: Line<'static>| [pixelnorm(&[1], &["mean", "1e-8"]), vec![more]].concat();
        refused(&with(("both", "Add", &["normal", "z"], None)), "both normalised and as it is");
        let other = "length of the latents in another way";
        let function = "another function of their length";
        refused(&with(("times", "Mul", &["normal", "root"], None)), function);
        refused(&with(("plus", "Add", &["z", "root"], None)), other);
        refused(&with(("tanh", "Tanh", &["squares"], None)), other);
        refused(&with(("cube", "Mul", &["squares", "z"], None)), other);
    }
}
