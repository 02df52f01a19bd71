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
/// If `wanted` contradicts the output's type or the activation, or is needed and missing, or every picture is constant.
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
    let open = match &step.operation {
        Operation::Function(Function::LeakyRelu(_)) | Operation::Slopes(_) => true,
        Operation::Function(function) => {
            *function == Function::Clip(f64::NEG_INFINITY, f64::INFINITY)
        }
        _ => false,
    };
    match (low.is_finite(), high.is_finite()) {
        (false, false) if open => Ok(wanted.unwrap_or(PixelRule::SIGNED)),
        (false, false) => wanted.with_context(|| {
            format!("{}, whose limits are not known: give --pixels signed, unit or byte", end())
        }),
        (true, true) => {
            let rule = PixelRule::new(low, high).with_context(limited)?;
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
    let operation = &step.operation;
    let ((least, most), count) = match operation {
        Operation::Affine { scale, shift } => (unknown, scale.len().max(shift.len())),
        // These turn or leap elsewhere than at 0.
        Operation::Function(
            function @ (Function::Gelu
            | Function::GeluByTanh
            | Function::HardSwish
            | Function::Mish
            | Function::Reciprocal
            | Function::Power(..0.0)),
        ) => return function.limits(),
        Operation::Function(function) => (function.limits(), 1),
        _ => return unknown,
    };
    // The extremes of all others are here: a LeakyReLU with a negative slope turns at 0.
    let inputs = [(low, least), (0.0_f64.clamp(low, high), least), (high, most)];
    let outputs = (0..count).flat_map(|i| {
        // Such as 0·∞.
        inputs.map(|(x, end)| Some(operation.at(x, i)).filter(|y| !y.is_nan()).unwrap_or(end))
    });
    let (least, most) =
        outputs.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), y| (a.min(y), b.max(y)));
    // What affine steps in single precision round off.
    let known = [-1.0, 0.0, 1.0, 255.0].into_iter().filter(|_| operation.is_affine());
    let near = |x: f64| {
        known.clone().find(|it: &f64| (it - x).abs() < 1e-5 * it.abs().max(0.1)).unwrap_or(x)
    };
    (near(least), near(most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::graph::{Values, float};
    use crate::onnx::source::Source;
    use crate::sketch::{declared, imported, start};
    use tract_onnx::pb::AttributeProto;

    fn ending(operator: &str, attributes: Vec<AttributeProto>) -> Source {
        start().then(operator, &[], attributes).finish()
    }

    fn rule(source: &Source, wanted: Option<PixelRule>) -> Result<PixelRule, String> {
        pixel_rule(&imported(source), wanted).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn limits_follow_affine_steps_and_negative_slopes() {
        let mut sketch = start().plain("Relu");
        let half = sketch.graph.constant("half", &[], Values::Float(&[-0.5]));
        let below_0 = sketch.then("Mul", &[&half], vec![]).finish();
        assert!(rule(&below_0, None).unwrap_err().contains("limits -inf and 0: give --pixels"));
        let tanh = || start().plain("Tanh");
        let absolute = tanh().then("LeakyRelu", &[], vec![float("alpha", -1.0)]).finish();
        assert_eq!(rule(&absolute, None), Ok(PixelRule::UNIT));
        let down = vec![float("alpha", -0.5), float("beta", 0.5)];
        let down = start().plain("Relu").then("HardSigmoid", &[], down).finish();
        assert_eq!(rule(&down, None), Ok(PixelRule { low: 0.0, high: 0.5 }));
        let constant =
            tanh().then("Clip", &[], vec![float("min", 2.0), float("max", 3.0)]).finish();
        assert!(rule(&constant, None).unwrap_err().contains("from 2 to 2 are no range"));
    }

    #[test]
    fn bytes_are_pixels() {
        let mut network = imported(&start().finish());
        declared(&mut network.output).elem_type = DataType::Uint8 as i32;
        assert_eq!(pixel_rule(&network, None).unwrap(), PixelRule::BYTE);
        let error = pixel_rule(&network, Some(PixelRule::UNIT)).unwrap_err().to_string();
        assert!(error.contains("leave --pixels out"), "{error}");
    }

    /// An activation with one limit needs a pixel rule with that limit.
    #[test]
    fn one_limit_alone_needs_a_rule_that_has_it() {
        let mut sketch = start();
        let zero = sketch.graph.constant("zero", &[], Values::Float(&[0.0]));
        let from_0 = [
            sketch.then("Clip", &[&zero], vec![]).finish(),
            ending("Clip", vec![float("min", 0.0), float("max", f32::MAX)]),
            ending("Relu", vec![]),
        ];
        for source in &from_0 {
            for wanted in [None, Some(PixelRule::SIGNED)] {
                let error = rule(source, wanted).unwrap_err();
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
}
