//! The pixel rule: which output value is which of 256 pixels.

use crate::network::function::Function;
use crate::network::{Network, Operation, Step};
use anyhow::{Context, Result, ensure};

/// Output values from `low` (pixel 0) to `high` (pixel 255).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelRule {
    /// The value of pixel 0.
    pub low: f64,
    /// The value of pixel 255.
    pub high: f64,
}

impl PixelRule {
    /// [−1, 1], as tanh gives it.
    pub const SIGNED: Self = Self { low: -1.0, high: 1.0 };
    /// [0, 1], as the sigmoid gives it.
    pub const UNIT: Self = Self { low: 0.0, high: 1.0 };
    /// [0, 255].
    pub const BYTE: Self = Self { low: 0.0, high: 255.0 };
    /// Where an ONNX of ours keeps its rule, as `low high`.
    pub const METADATA: &str = "pocket_dcgan.pixels";

    /// The rule of `network`: both limits of its last activation; where that has one limit only,
    /// `wanted`, which must begin or end there; where it has none, `wanted` or else [−1, 1].
    ///
    /// # Errors
    /// If `wanted` contradicts the activation, or is needed and missing.
    pub fn of(network: &Network, wanted: Option<Self>) -> Result<Self> {
        let steps = || network.ending();
        let Some(step) = steps().rfind(|it| !it.operation.is_affine()) else {
            return Ok(wanted.unwrap_or(Self::SIGNED));
        };
        let (low, high) = steps().fold((f64::NEG_INFINITY, f64::INFINITY), limits);
        let end = || {
            let operator = step.operation.operator();
            format!(
                "the pictures end in {operator}, node \"{}\", with limits {low} and {high}",
                step.node
            )
        };
        let open = [Function::Relu, Function::Clip(f64::NEG_INFINITY, f64::INFINITY)];
        let open = match &step.operation {
            Operation::Function(Function::LeakyRelu(_)) | Operation::Slopes(_) => true,
            Operation::Function(function) => open.contains(function),
            _ => false,
        };
        match (low.is_finite(), high.is_finite()) {
            (false, false) if open => Ok(wanted.unwrap_or(Self::SIGNED)),
            (false, false) => wanted.with_context(|| {
                let (operator, node) = (step.operation.operator(), &step.node);
                format!(
                    "the pictures end in {operator}, node \"{node}\", whose limits are not known: say \
                     --pixels signed, unit or byte"
                )
            }),
            (true, true) => {
                let rule = Self { low, high };
                ensure!(wanted.is_none_or(|it| it == rule), "{}: leave --pixels out", end());
                Ok(rule)
            }
            _ => wanted.filter(|it| it.low == low || it.high == high).with_context(|| {
                format!("{}: say --pixels signed, unit or byte, whichever has the same", end())
            }),
        }
    }

    /// Value of one pixel step.
    pub fn step(self) -> f64 {
        (self.high - self.low) / 255.0
    }

    /// The pixel of `value`: rounded half up, clamped; NaN is 0.
    pub fn pixel(self, value: f64) -> u8 {
        // 255 / range and not 1 / step: exactly 127.5 for [−1, 1].
        let pixel = (value - self.low) * (255.0 / (self.high - self.low));
        (pixel + 0.5).floor().clamp(0.0, 255.0) as u8
    }

    /// The value in the middle of `pixel`.
    pub fn value(self, pixel: u8) -> f32 {
        (f64::from(pixel) * self.step() + self.low) as f32
    }
}

/// What a step makes of limits; infinite where it is not known.
fn limits((low, high): (f64, f64), step: &Step) -> (f64, f64) {
    let unknown = (f64::NEG_INFINITY, f64::INFINITY);
    match &step.operation {
        // Those that only rise.
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
            let all =
                ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
            if all.0.is_finite() && all.1.is_finite() {
                (near(all.0), near(all.1))
            } else {
                unknown
            }
        }
        Operation::Function(function) => function.limits(),
        _ => unknown,
    }
}

impl std::fmt::Display for PixelRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.low, self.high)
    }
}

impl std::str::FromStr for PixelRule {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers: Vec<f64> = text.split(' ').filter_map(|part| part.parse().ok()).collect();
        let [low, high] = numbers[..] else { anyhow::bail!("pixel rule \"{text}\" is no range") };
        ensure!(low < high && (high - low).is_finite(), "pixel rule \"{text}\" is no range");
        Ok(Self { low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::PixelRule;
    use crate::import::import;
    use crate::onnx::graph::{Values, float};
    use crate::onnx::source::Source;
    use crate::pipeline::sketch::Sketch;
    use tract_onnx::pb::AttributeProto;

    fn ending(operator: &str, attributes: Vec<AttributeProto>) -> Source {
        let sketch = Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 4], vec![]);
        sketch.then(operator, &[], attributes).finish()
    }

    /// A limit that isn't there says nothing of the pictures' range.
    #[test]
    fn one_limit_alone_needs_a_rule_that_has_it() {
        let mut sketch = Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 4], vec![]);
        let zero = sketch.graph.constant("zero", &[], Values::Float(&[0.0]));
        let from_0 = [
            sketch.then("Clip", &[&zero], vec![]).finish(),
            ending("Clip", vec![float("min", 0.0), float("max", f32::MAX)]),
            ending("Relu", vec![]),
        ];
        let rule = |source: &Source, wanted| PixelRule::of(&import(source).unwrap(), wanted);
        for source in &from_0 {
            for wanted in [None, Some(PixelRule::SIGNED)] {
                let error = rule(source, wanted).unwrap_err().to_string();
                assert!(error.contains("limits 0 and inf: say --pixels"), "{error}");
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

    #[test]
    fn follows_the_definition() {
        for i in -3000..3000 {
            let y = f64::from(i) / 1000.0;
            let expected = ((y + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8;
            assert_eq!(PixelRule::SIGNED.pixel(y), expected, "{y}");
            let expected = (y * 255.0).round().clamp(0.0, 255.0) as u8;
            assert_eq!(PixelRule::UNIT.pixel(y), expected, "{y}");
        }
        assert_eq!(PixelRule::BYTE.pixel(127.5), 128);
        assert_eq!(PixelRule::BYTE.pixel(f64::NAN), 0);
    }

    #[test]
    fn every_pixel_comes_back() {
        let odd = PixelRule { low: -0.3, high: 1.7 };
        for rule in [PixelRule::SIGNED, PixelRule::UNIT, PixelRule::BYTE, odd] {
            let written: PixelRule = rule.to_string().parse().unwrap();
            assert_eq!(written, rule);
            for pixel in 0..=255 {
                assert_eq!(rule.pixel(f64::from(rule.value(pixel))), pixel);
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "1", "1 1", "2 1", "nan 1", "0 inf", "0 1 2", "a b"] {
            assert!(text.parse::<PixelRule>().is_err(), "{text}");
        }
    }
}
