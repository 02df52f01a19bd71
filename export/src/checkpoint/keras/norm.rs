//! Normalisation and scaling by constants.

use crate::checkpoint::keras::call::{Call, Value};
use crate::checkpoint::keras::join::axis_of;
use crate::onnx::graph::{Values, float};
use anyhow::{Result, bail};

/// BatchNormalization by its stored statistics.
pub(super) fn batch(call: &mut Call) -> Result<Value> {
    let input = call.input()?;
    let axis = match call.config.get("axis") {
        Some(_) => call.config.integers("axis")?,
        None => vec![-1],
    };
    let axis = axis_of(&axis, input.shape.len())?;
    // ONNX normalises along the first axis behind the batch.
    let value = match (axis, input.shape.len()) {
        (2, 3) => call.turned(&input),
        (0, _) => call.straight(&input),
        _ => bail!(
            "normalises axis {} of shape {:?}, which is not supported here",
            axis + 1,
            input.shape
        ),
    };
    let channels = input.shape[axis];
    let mut vector = |key: &str, role: &str, missing: f32| {
        if call.config.flag(key, true)? {
            return call.vector(role, channels);
        }
        Ok(call.constant(role, &[channels], Values::Float(&vec![missing; channels])))
    };
    let scale = vector("scale", "gamma", 1.0)?;
    let centre = vector("center", "beta", 0.0)?;
    let mean = call.vector("moving mean", channels)?;
    let variance = call.vector("moving variance", channels)?;
    let epsilon = call.config.number("epsilon", 1e-3)? as f32;
    let inputs = [scale.as_str(), &centre, &mean, &variance];
    Ok(call.each("BatchNormalization", &value, &inputs, vec![float("epsilon", epsilon)]))
}

/// Rescaling: times a number, plus a number.
pub(super) fn rescaling(call: &mut Call) -> Result<Value> {
    let input = call.input()?;
    let scale = call.config.number("scale", 1.0)?;
    let scale = call.number("scale", scale);
    let offset = call.config.number("offset", 0.0)?;
    let offset = call.number("offset", offset);
    let scaled = call.each("Mul", &input, &[&scale], vec![]);
    Ok(call.each("Add", &scaled, &[&offset], vec![]))
}
