//! Operations on single elements as float ONNX nodes, in NCHW.

use crate::network::Layer;
use crate::network::function::Function;
use crate::network::linear::planes;
use crate::network::operation::{Both, Choice, Operation};
use crate::onnx::graph::{Graph, Values, float};
use tract_onnx::pb::tensor_proto::DataType;

/// Adds the nodes of `operation` on `x`, an output of `layer`, and returns the name of the result. Names of nodes begin
/// with `name`.
pub(super) fn operation(
    graph: &mut Graph,
    name: &str,
    layer: &Layer,
    operation: &Operation,
    x: &str,
) -> String {
    let side = |graph: &mut Graph, side: &str, operations: &[Operation]| {
        let each = operations.iter().enumerate();
        each.fold(x.to_owned(), |x, (i, it)| {
            self::operation(graph, &format!("{name}_{side}{i}"), layer, it, &x)
        })
    };
    match operation {
        Operation::Affine { scale, shift } => {
            let scale = numbers(graph, &format!("{name}_scale"), layer, scale);
            let shift = numbers(graph, &format!("{name}_shift"), layer, shift);
            let scaled = graph.node("Mul", &format!("{name}_scaled"), &[x, &scale], vec![]);
            graph.node("Add", name, &[&scaled, &shift], vec![])
        }
        Operation::Slopes(slopes) => {
            let slopes = numbers(graph, &format!("{name}_slopes"), layer, slopes);
            let zero = graph.constant(&format!("{name}_zero"), &[], Values::Float(&[0.0]));
            let above = graph.node("Max", &format!("{name}_above"), &[x, &zero], vec![]);
            let below = graph.node("Min", &format!("{name}_below"), &[x, &zero], vec![]);
            let below = graph.node("Mul", &format!("{name}_sloped"), &[&below, &slopes], vec![]);
            graph.node("Add", name, &[&above, &below], vec![])
        }
        Operation::Choice(choice) => {
            let Choice { condition, then, otherwise } = &**choice;
            let condition = side(graph, "condition", condition);
            let condition = graph.cast(&format!("{name}_flag"), &condition, DataType::Bool);
            let (a, b) = (side(graph, "then", then), side(graph, "otherwise", otherwise));
            graph.node("Where", name, &[&condition, &a, &b], vec![])
        }
        Operation::Both(both) => {
            let Both { binary, left, right } = &**both;
            let (a, b) = (side(graph, "left", left), side(graph, "right", right));
            graph.node(binary.operator(), name, &[&a, &b], vec![])
        }
        Operation::Function(function) => self::function(graph, name, *function, x),
    }
}

/// Adds `function`: as one operator if ONNX opset 17 has it and runtimes compute it as ONNX defines it, otherwise by its
/// definition.
fn function(graph: &mut Graph, name: &str, function: Function, x: &str) -> String {
    let plain = |graph: &mut Graph, operator: &str, attributes| {
        graph.node(operator, name, &[x], attributes)
    };
    match function {
        Function::LeakyRelu(alpha) | Function::Elu(alpha) => {
            plain(graph, function.operator(), vec![float("alpha", alpha as f32)])
        }
        Function::Selu { alpha, gamma } => {
            let attributes = vec![float("alpha", alpha as f32), float("gamma", gamma as f32)];
            plain(graph, "Selu", attributes)
        }
        Function::HardSigmoid { alpha, beta } => {
            let attributes = vec![float("alpha", alpha as f32), float("beta", beta as f32)];
            plain(graph, "HardSigmoid", attributes)
        }
        Function::Clip(low, high) => {
            let mut y = x.to_owned();
            for (part, operator, limit) in [("low", "Max", low), ("high", "Min", high)] {
                if limit.is_finite() {
                    let limit = scalar(graph, name, part, limit);
                    y = graph.node(operator, &format!("{name}_{operator}"), &[&y, &limit], vec![]);
                }
            }
            y
        }
        Function::Gelu => gelu(graph, name, x),
        Function::GeluByTanh => gelu_by_tanh(graph, name, x),
        Function::HardSwish => {
            let attributes = vec![float("alpha", 1.0 / 6.0), float("beta", 0.5)];
            let y = graph.node("HardSigmoid", &format!("{name}_gate"), &[x], attributes);
            graph.node("Mul", name, &[x, &y], vec![])
        }
        Function::Mish => {
            let y = softplus(graph, &format!("{name}_softplus"), x);
            let y = graph.node("Tanh", &format!("{name}_tanh"), &[&y], vec![]);
            graph.node("Mul", name, &[x, &y], vec![])
        }
        Function::Celu(alpha) => {
            // α·Elu(x/α)
            let (alpha, inverse) =
                (scalar(graph, name, "alpha", alpha), scalar(graph, name, "inverse", 1.0 / alpha));
            let y = graph.node("Mul", &format!("{name}_narrow"), &[x, &inverse], vec![]);
            let y = graph.node("Elu", &format!("{name}_elu"), &[&y], vec![float("alpha", 1.0)]);
            graph.node("Mul", name, &[&y, &alpha], vec![])
        }
        Function::Above(limit) => {
            let limit = scalar(graph, name, "limit", limit);
            let above = graph.node("Greater", &format!("{name}_above"), &[x, &limit], vec![]);
            graph.cast(name, &above, DataType::Float)
        }
        Function::Softplus => softplus(graph, name, x),
        Function::Power(power) => {
            let power = scalar(graph, name, "power", power);
            graph.node("Pow", name, &[x, &power], vec![])
        }
        // Operators without attributes.
        Function::Relu
        | Function::Tanh
        | Function::Sigmoid
        | Function::Softsign
        | Function::Erf
        | Function::Exp
        | Function::Log
        | Function::Abs
        | Function::Sqrt
        | Function::Reciprocal => plain(graph, function.operator(), vec![]),
    }
}

/// Adds ½·x·(1 + erf(x/√2)).
fn gelu(graph: &mut Graph, name: &str, x: &str) -> String {
    let (half, one) = (scalar(graph, name, "half", 0.5), scalar(graph, name, "one", 1.0));
    let root = scalar(graph, name, "root", std::f64::consts::FRAC_1_SQRT_2);
    let y = graph.node("Mul", &format!("{name}_rooted"), &[x, &root], vec![]);
    let y = graph.node("Erf", &format!("{name}_erf"), &[&y], vec![]);
    let y = graph.node("Add", &format!("{name}_above"), &[&y, &one], vec![]);
    let y = graph.node("Mul", &format!("{name}_half"), &[&y, &half], vec![]);
    graph.node("Mul", name, &[x, &y], vec![])
}

/// Adds ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
fn gelu_by_tanh(graph: &mut Graph, name: &str, x: &str) -> String {
    let (half, one) = (scalar(graph, name, "half", 0.5), scalar(graph, name, "one", 1.0));
    let root = scalar(graph, name, "root", (2.0 / std::f64::consts::PI).sqrt());
    let cubic = scalar(graph, name, "cubic", 0.044_715);
    let square = graph.node("Mul", &format!("{name}_square"), &[x, x], vec![]);
    let y = graph.node("Mul", &format!("{name}_cubic"), &[&square, &cubic], vec![]);
    let y = graph.node("Add", &format!("{name}_factor"), &[&y, &one], vec![]);
    let y = graph.node("Mul", &format!("{name}_inner"), &[&y, x], vec![]);
    let y = graph.node("Mul", &format!("{name}_rooted"), &[&y, &root], vec![]);
    let y = graph.node("Tanh", &format!("{name}_tanh"), &[&y], vec![]);
    let y = graph.node("Add", &format!("{name}_above"), &[&y, &one], vec![]);
    let y = graph.node("Mul", &format!("{name}_half"), &[&y, &half], vec![]);
    graph.node("Mul", name, &[x, &y], vec![])
}

/// Adds a scalar constant for the nodes of `name`.
fn scalar(graph: &mut Graph, name: &str, part: &str, value: f64) -> String {
    graph.constant(&format!("{name}_number_{part}"), &[], Values::Float(&[value as f32]))
}

/// Adds max(x, 0) + ln(1 + e^−|x|): tract's Softplus overflows.
fn softplus(graph: &mut Graph, name: &str, x: &str) -> String {
    let (zero, one) = (scalar(graph, name, "zero", 0.0), scalar(graph, name, "one", 1.0));
    let above = graph.node("Max", &format!("{name}_above"), &[x, &zero], vec![]);
    let y = graph.node("Abs", &format!("{name}_abs"), &[x], vec![]);
    let y = graph.node("Neg", &format!("{name}_neg"), &[&y], vec![]);
    let y = graph.node("Exp", &format!("{name}_exp"), &[&y], vec![]);
    let y = graph.node("Add", &format!("{name}_sum"), &[&y, &one], vec![]);
    let y = graph.node("Log", &format!("{name}_log"), &[&y], vec![]);
    graph.node("Add", name, &[&above, &y], vec![])
}

/// Adds a constant: one number as a scalar, numbers per channel as `[1, C, 1, 1]`, per feature as `[1, C, H, W]`.
fn numbers(graph: &mut Graph, name: &str, layer: &Layer, values: &[f64]) -> String {
    let output @ [height, width, channels] = layer.output();
    let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    if values.len() == 1 {
        return graph.constant(name, &[], Values::Float(&values));
    }
    if values.len() == channels {
        return graph.constant(name, &[1, channels, 1, 1], Values::Float(&values));
    }
    let planes = planes(&values, output);
    graph.constant(name, &[1, channels, height, width], Values::Float(&planes))
}
