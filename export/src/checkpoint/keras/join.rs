//! Layers of several inputs.

use crate::checkpoint::keras::call::{Call, Value};
use crate::onnx::graph::int;
use anyhow::{Result, bail, ensure};

/// Concatenate: inputs one after the other along an axis.
pub(super) fn concatenate(call: &mut Call) -> Result<Value> {
    let inputs = alike(call)?;
    let mut shape = inputs[0].shape.clone();
    let axis = match call.config.get("axis") {
        Some(_) => call.config.integers("axis")?,
        None => vec![-1],
    };
    let axis = axis_of(&axis, shape.len())?;
    for other in &inputs[1..] {
        let same = other.shape.iter().zip(&shape).enumerate();
        let same = same.filter(|(at, _)| *at != axis).all(|(_, (a, b))| a == b);
        ensure!(same, "joins shapes {:?} and {:?}", inputs[0].shape, other.shape);
    }
    shape[axis] = inputs.iter().map(|input| input.shape[axis]).sum();
    let turned = inputs[0].turned;
    // With the last axis first, the others come one later.
    let place = if turned { (axis + 1) % 3 } else { axis };
    let names: Vec<_> = inputs.iter().map(|input| input.name.as_str()).collect();
    let name = call.node("Concat", &names, vec![int("axis", place as i64 + 1)]);
    Ok(Value { name, shape, turned })
}

/// Add, Multiply and the like: inputs combined element by element.
pub(super) fn merge(call: &mut Call, operator: &str) -> Result<Value> {
    let inputs = alike(call)?;
    ensure!(operator != "Sub" || inputs.len() == 2, "has {} inputs", inputs.len());
    let mut inputs = inputs.into_iter();
    let Some(mut all) = inputs.next() else { bail!("has no inputs") };
    for next in inputs {
        let sides = all.shape.iter().zip(&next.shape);
        let sides = sides.map(|(&a, &b)| (a == b || a == 1 || b == 1).then_some(a.max(b)));
        let Some(shape) = sides.collect() else {
            bail!("combines shapes {:?} and {:?}", all.shape, next.shape);
        };
        let name = call.node(operator, &[&all.name, &next.name], vec![]);
        all = Value { name, shape, ..all };
    }
    Ok(all)
}

/// Average: the mean of the inputs.
pub(super) fn average(call: &mut Call) -> Result<Value> {
    let sum = merge(call, "Add")?;
    let share = call.number("share", 1.0 / call.inputs.len() as f64);
    Ok(call.each("Mul", &sum, &[&share], vec![]))
}

/// The inputs, at least two, of as many axes, all in one order of axes.
fn alike(call: &mut Call) -> Result<Vec<Value>> {
    let inputs = call.inputs;
    let [first, others @ ..] = inputs else { bail!("has no inputs") };
    ensure!(!others.is_empty(), "has only one input");
    for other in others {
        ensure!(
            other.shape.len() == first.shape.len(),
            "has inputs of shapes {:?} and {:?}",
            first.shape,
            other.shape
        );
    }
    let turned = inputs.iter().any(|input| input.turned);
    let turn = |input| if turned { call.turned(input) } else { call.straight(input) };
    Ok(inputs.iter().map(turn).collect())
}

/// The axis, without the batch, that the only number of `axis` means in Keras.
pub(super) fn axis_of(axis: &[i64], axes: usize) -> Result<usize> {
    let &[axis] = axis else { bail!("has the axes {axis:?}") };
    let from_front = if axis < 0 { axis.saturating_add(axes as i64) } else { axis - 1 };
    let axis = usize::try_from(from_front).ok().filter(|&axis| axis < axes);
    axis.ok_or_else(|| anyhow::anyhow!("has an axis that its input of {axes} axes lacks"))
}
