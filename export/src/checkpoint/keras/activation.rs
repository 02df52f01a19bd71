//! Activations, as layers and as arguments of other layers.

use crate::checkpoint::keras::call::{Call, Value};
use crate::checkpoint::keras::config::Config;
use crate::checkpoint::keras::description;
use crate::onnx::graph::float;
use anyhow::{Result, bail, ensure};
use serde_json::Value as Json;

/// The activation that the layer's configuration has as argument, on `value`.
pub(super) fn argument(call: &mut Call, value: Value) -> Result<Value> {
    let Some(activation) = call.config.get("activation") else { return Ok(value) };
    if let Some(name) = activation.as_str() {
        return function(call, value, name);
    }
    let class = description::class(activation);
    if let ("function", Some(name)) =
        (class.rsplit('.').next().unwrap_or(""), activation["config"].as_str())
    {
        return function(call, value, name);
    }
    let config = Config(activation.get("config").unwrap_or(&Json::Null));
    match layer(call, &value, &class, config) {
        Some(result) => result,
        None => bail!("has the activation {class}, which is not supported here"),
    }
}

/// The activation layer of class `class` on `value`. `None` if that is no activation.
pub(super) fn layer(
    call: &mut Call,
    value: &Value,
    class: &str,
    config: Config,
) -> Option<Result<Value>> {
    Some(match class {
        "ReLU" => relu(call, value, config),
        "LeakyReLU" => leaky(call, value, config),
        "ELU" => config
            .number("alpha", 1.0)
            .map(|alpha| call.each("Elu", value, &[], vec![float("alpha", alpha as f32)])),
        "PReLU" => prelu(call, value, config),
        _ => return None,
    })
}

/// ReLU, with a slope below 0 and an upper limit, if the configuration has them.
fn relu(call: &mut Call, value: &Value, config: Config) -> Result<Value> {
    ensure!(
        config.number("threshold", 0.0)? == 0.0,
        "has a threshold, which is not supported here"
    );
    let slope = config.number("negative_slope", 0.0)?;
    let value = match slope {
        0.0 => call.each("Relu", value, &[], vec![]),
        slope => call.each("LeakyRelu", value, &[], vec![float("alpha", slope as f32)]),
    };
    if config.get("max_value").is_none() {
        return Ok(value);
    }
    let max = config.number("max_value", 0.0)?;
    ensure!(max > 0.0, "has max_value {max}");
    let max = call.number("max", max);
    Ok(call.each("Min", &value, &[&max], vec![]))
}

/// LeakyReLU. Keras 2 calls its slope alpha.
fn leaky(call: &mut Call, value: &Value, config: Config) -> Result<Value> {
    let key = if config.get("negative_slope").is_some() { "negative_slope" } else { "alpha" };
    let slope = config.number(key, 0.3)? as f32;
    Ok(call.each("LeakyRelu", value, &[], vec![float("alpha", slope)]))
}

/// PReLU: a slope for each element, or for each along some axes.
fn prelu(call: &mut Call, value: &Value, config: Config) -> Result<Value> {
    let shared = match config.get("shared_axes") {
        Some(_) => config.integers("shared_axes")?,
        None => vec![],
    };
    let side = |(at, &side): (usize, &usize)| {
        if shared.contains(&(at as i64 + 1)) { 1 } else { side }
    };
    let shape: Vec<_> = value.shape.iter().enumerate().map(side).collect();
    let mut slopes = call.weights("alpha", &shape)?;
    if value.turned {
        slopes = slopes.permuted_axes(&[2, 0, 1][..]);
    }
    let slopes = call.array("alpha", &slopes);
    Ok(call.each("PRelu", value, &[&slopes], vec![]))
}

/// The function called `name` of Keras' activations.
fn function(call: &mut Call, x: Value, name: &str) -> Result<Value> {
    let simple = |operator: &str, call: &mut Call| Ok(call.each(operator, &x, &[], vec![]));
    match name {
        "linear" => Ok(x),
        "relu" => simple("Relu", call),
        "tanh" => simple("Tanh", call),
        "sigmoid" => simple("Sigmoid", call),
        "softplus" => simple("Softplus", call),
        "softsign" => simple("Softsign", call),
        "exponential" => simple("Exp", call),
        "elu" => simple("Elu", call),
        "selu" => simple("Selu", call),
        "leaky_relu" => Ok(call.each("LeakyRelu", &x, &[], vec![float("alpha", 0.2)])),
        "relu6" => {
            let x = simple("Relu", call)?;
            let max = call.number("max", 6.0);
            Ok(call.each("Min", &x, &[&max], vec![]))
        }
        "hard_sigmoid" => {
            let alpha = if call.writer.keras3 { 1.0 / 6.0 } else { 0.2 };
            Ok(call.each("HardSigmoid", &x, &[], vec![float("alpha", alpha), float("beta", 0.5)]))
        }
        "hard_silu" | "hard_swish" => simple("HardSwish", call),
        "silu" | "swish" => {
            let gate = simple("Sigmoid", call)?;
            Ok(call.each("Mul", &x, &[&gate.name], vec![]))
        }
        "mish" => {
            let gate = simple("Softplus", call)?;
            let gate = call.each("Tanh", &gate, &[], vec![]);
            Ok(call.each("Mul", &x, &[&gate.name], vec![]))
        }
        "gelu" => {
            // x · ½ · (1 + erf(x / √2)): opset 17 has no Gelu.
            let [root, one, half] = [("root", 2f64.sqrt()), ("one", 1.0), ("half", 0.5)]
                .map(|(role, value)| call.number(role, value));
            let gate = call.each("Div", &x, &[&root], vec![]);
            let gate = call.each("Erf", &gate, &[], vec![]);
            let gate = call.each("Add", &gate, &[&one], vec![]);
            let gate = call.each("Mul", &gate, &[&half], vec![]);
            Ok(call.each("Mul", &x, &[&gate.name], vec![]))
        }
        _ => bail!("has the activation \"{name}\", which is not supported here"),
    }
}
