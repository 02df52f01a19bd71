//! The pixel rule of a network, from the activation that it ends in.

use crate::network::Network;
use crate::network::function::Function;
use crate::network::operation::{Operation, Step};
use crate::onnx::input::data_type;
use crate::picture::pixel_rule::PixelRule;
use anyhow::{Context, Result, ensure};
use tract_onnx::pb::tensor_proto::DataType;

/// The pixel rule of `network`.
///
/// - If its output is uint8, the values are the pixels: the rule is [0, 255].
/// - If its last activation has two limits, these are the rule.
/// - If it has one limit, the rule is `wanted`, which must begin or end there.
/// - If it has no limits, or there is no activation, the rule is `wanted`, or [−1, 1] by default.
/// - If its limits are not known, the rule is `wanted`.
///
/// # Errors
/// If `wanted` contradicts the activation, or is needed and missing.
pub fn pixel_rule(network: &Network, wanted: Option<PixelRule>) -> Result<PixelRule> {
    if data_type(&network.output) == Some(DataType::Uint8) {
        let fits = wanted.is_none_or(|it| it == PixelRule::BYTE);
        ensure!(fits, "the pictures are uint8, whose values are the pixels: leave --pixels out");
        return Ok(PixelRule::BYTE);
    }
    let steps = || network.ending();
    let Some(step) = steps().rfind(|it| !it.operation.is_affine()) else {
        return Ok(wanted.unwrap_or(PixelRule::SIGNED));
    };
    let (low, high) = steps().fold((f64::NEG_INFINITY, f64::INFINITY), limits);
    let end = || {
        let (operator, node) = (step.operation.operator(), &step.node);
        format!("the pictures end in {operator}, node \"{node}\"")
    };
    let limited = || format!("{}, with limits {low} and {high}", end());
    let open = [Function::Relu, Function::Clip(f64::NEG_INFINITY, f64::INFINITY)];
    let open = match &step.operation {
        Operation::Function(Function::LeakyRelu(_)) | Operation::Slopes(_) => true,
        Operation::Function(function) => open.contains(function),
        _ => false,
    };
    match (low.is_finite(), high.is_finite()) {
        (false, false) if open => Ok(wanted.unwrap_or(PixelRule::SIGNED)),
        (false, false) => wanted.with_context(|| {
            format!("{}, whose limits are not known: give --pixels signed, unit or byte", end())
        }),
        (true, true) => {
            let rule = PixelRule { low, high };
            ensure!(wanted.is_none_or(|it| it == rule), "{}: leave --pixels out", limited());
            Ok(rule)
        }
        _ => wanted.filter(|it| it.low == low || it.high == high).with_context(|| {
            let end = limited();
            format!("{end}: give --pixels signed, unit or byte, whichever has the same limit")
        }),
    }
}

/// The limits of a step's values for inputs within limits; infinite if they are not known.
fn limits((low, high): (f64, f64), step: &Step) -> (f64, f64) {
    let unknown = (f64::NEG_INFINITY, f64::INFINITY);
    match &step.operation {
        // Functions that only rise.
        Operation::Function(
            function @ (Function::Relu
            | Function::LeakyRelu(_)
            | Function::Clip(..)
            | Function::Tanh
            | Function::Sigmoid
            | Function::Softsign
            | Function::Erf
            | Function::HardSigmoid { .. }
            | Function::Softplus
            | Function::Exp),
        ) => {
            let (least, most) = function.limits();
            let at = |x: f64, end: f64| if x.is_finite() { function.at(x) } else { end };
            (at(low, least), at(high, most))
        }
        Operation::Function(Function::Sqrt) if low >= 0.0 => (low.sqrt(), high.sqrt()),
        Operation::Function(Function::Power(power)) if low >= 0.0 && *power > 0.0 => {
            (low.powf(*power), high.powf(*power))
        }
        operation @ Operation::Affine { scale, shift } => {
            let near = |x: f64| {
                let known = [-1.0, 0.0, 1.0, 255.0];
                known.into_iter().find(|it| (it - x).abs() < 1e-5 * it.abs().max(0.1)).unwrap_or(x)
            };
            let ends = (0..scale.len().max(shift.len()))
                .flat_map(|i| [operation.at(low, i), operation.at(high, i)]);
            let (least, most) =
                ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
            let known = least.is_finite() && most.is_finite();
            if known { (near(least), near(most)) } else { unknown }
        }
        Operation::Function(function) => function.limits(),
        _ => unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::import;
    use crate::latent::wish::Wishes;
    use crate::onnx::graph::{Values, float, int};
    use crate::onnx::source::Source;
    use crate::sketch::Sketch;
    use tract_onnx::pb::{AttributeProto, type_proto};

    fn ending(operator: &str, attributes: Vec<AttributeProto>) -> Source {
        let sketch = Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 4], vec![]);
        sketch.then(operator, &[], attributes).finish()
    }

    /// An activation with one limit needs a pixel rule with that limit.
    #[test]
    fn one_limit_alone_needs_a_rule_that_has_it() {
        let mut sketch = Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 4], vec![]);
        let zero = sketch.graph.constant("zero", &[], Values::Float(&[0.0]));
        let from_0 = [
            sketch.then("Clip", &[&zero], vec![]).finish(),
            ending("Clip", vec![float("min", 0.0), float("max", f32::MAX)]),
            ending("Relu", vec![]),
        ];
        let rule = |source: &Source, wanted| {
            pixel_rule(&import(source, &Wishes::default()).unwrap(), wanted)
        };
        for source in &from_0 {
            for wanted in [None, Some(PixelRule::SIGNED)] {
                let error = rule(source, wanted).unwrap_err().to_string();
                assert!(error.contains("limits 0 and inf: give --pixels"), "{error}");
            }
            for wanted in [PixelRule::UNIT, PixelRule::BYTE] {
                assert_eq!(rule(source, Some(wanted)).unwrap(), wanted);
            }
        }
        let to_1 = ending("Clip", vec![float("max", 1.0)]);
        assert!(rule(&to_1, None).is_err() && rule(&to_1, Some(PixelRule::BYTE)).is_err());
        assert_eq!(rule(&to_1, Some(PixelRule::SIGNED)).unwrap(), PixelRule::SIGNED);
        let unlimited = ending("Clip", vec![]);
        assert_eq!(rule(&unlimited, None).unwrap(), PixelRule::SIGNED);
        let both = ending("Clip", vec![float("min", -3.0), float("max", 1.0)]);
        assert_eq!(rule(&both, None).unwrap(), PixelRule { low: -3.0, high: 1.0 });
        assert!(rule(&both, Some(PixelRule::UNIT)).is_err());
    }

    /// Without an activation that would set them, too.
    #[test]
    fn the_values_of_uint8_are_the_pixels() {
        let mut source = ending("Cast", vec![int("to", DataType::Uint8 as i64)]);
        let output = &mut source.proto.graph.as_mut().unwrap().output[0];
        let kind = output.r#type.as_mut().and_then(|it| it.value.as_mut());
        let Some(type_proto::Value::TensorType(kind)) = kind else { unreachable!() };
        kind.elem_type = DataType::Uint8 as i32;
        let network = import(&source, &Wishes::default()).unwrap();
        assert_eq!(pixel_rule(&network, None).unwrap(), PixelRule::BYTE);
        let error = pixel_rule(&network, Some(PixelRule::SIGNED)).unwrap_err().to_string();
        assert!(error.contains("leave --pixels out"), "{error}");
    }
}
