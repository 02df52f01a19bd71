//! Epilogues: real factors and activations as the engine's fixed-point numbers and lookup tables.

use crate::network::fold::{Activation, Folded};
use crate::network::function::Function;
use crate::network::operation::{Operation, all};
use crate::network::quantization::Quantization;
use crate::picture::pixel_rule::PixelRule;
use gen_core::element::Weight;
use gen_core::format::write::DraftActivation;
use gen_core::requant::FRACTION_BITS;

/// Entries of a curve's table. For a tanh that gives pixels, whose table covers ±3.2, neighbouring entries differ by at
/// most 127.5 · 6.4 / 4096 = 0.2 levels.
pub(crate) const TABLE: usize = 4096;
/// Entries if the multipliers of the longer table don't fit: 0.4 levels.
const SHORTER_TABLE: usize = 2048;
/// 1 in fixed point, 2³².
pub(crate) const ONE: f64 = (1_u64 << FRACTION_BITS) as f64;
/// Unit of the multipliers and constants of a layer, in messages.
pub(super) const STEPS: &str = "steps of its output";
/// The same for a layer with a table.
pub(super) const ENTRIES: &str = "entries of its table";

/// Smallest useful multiplier. Its rounding changes an output of 255 steps by at most 255 · ½ / 2¹⁶ = 0.002 steps after
/// 8-bit weights, and by 255 · ½ / 2¹³ = 0.016 steps after 12-bit weights, whose sums are in finer steps.
const fn smallest_multiplier(weight: Weight) -> f64 {
    match weight {
        Weight::Byte => (1 << 16) as f64,
        Weight::Wide => (1 << 13) as f64,
    }
}

/// Bound on biases, in steps of the accumulator.
const fn largest_bias(weight: Weight) -> f64 {
    match weight {
        Weight::Byte => (1 << 22) as f64,
        Weight::Wide => (1 << 26) as f64,
    }
}

/// What a layer's output elements are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// Elements of a hidden tensor.
    Tensor(Quantization),
    /// Pixels of the picture.
    Pixels(PixelRule),
}

impl Target {
    /// Real value of one step, and the zero-point, which for pixels need not be a whole number.
    fn steps(self) -> (f64, f64) {
        match self {
            Self::Tensor(tensor) => (tensor.scale, f64::from(tensor.zero_point)),
            Self::Pixels(rule) => (rule.step(), -rule.low / rule.step()),
        }
    }

    /// The element nearest to `real`.
    fn quantize(self, real: f64) -> i16 {
        match self {
            Self::Tensor(tensor) => tensor.quantize(real),
            Self::Pixels(rule) => rule.pixel(real).into(),
        }
    }
}

/// The fixed-point numbers of a layer.
pub(super) struct Epilogue {
    pub(super) multipliers: Vec<i32>,
    pub(super) constants: Vec<i64>,
    pub(super) activation: DraftActivation,
}

/// The inputs of a curve that its table covers. Outside, the output element is that of the nearer end.
#[derive(Clone, Copy, Debug)]
struct Domain {
    low: f64,
    high: f64,
}

impl Domain {
    /// The domain of `curve`.
    fn of(folded: &Folded, curve: &[Operation], target: Target) -> Self {
        // Beyond these ends the curve changes by less than half a pixel.
        let high = match (curve, target) {
            ([Operation::Function(Function::Tanh)], Target::Pixels(_)) => 3.2,
            ([Operation::Function(Function::Sigmoid)], Target::Pixels(_)) => 6.4,
            _ => {
                let domain = Self::search(|x| target.quantize(all(curve, x)));
                return folded.looked_up.map_or(domain, |inputs| domain.within(inputs));
            }
        };
        Self { low: -high, high }
    }

    /// The domain outside which `quantized` is constant, searched among magnitudes of 2⁻²⁰ to 2²⁰, 32 per octave.
    fn search(quantized: impl Fn(f64) -> i16) -> Self {
        let positive = (-640..=640).map(|i| f64::from(i) / 32.0).map(f64::exp2);
        let negative = positive.clone().rev().map(|x| -x);
        let points: Vec<f64> = negative.chain([0.0]).chain(positive).collect();
        let values: Vec<i16> = points.iter().map(|&x| quantized(x)).collect();
        let last = points.len() - 1;
        let begin = values.iter().position(|y| *y != values[0]).unwrap_or(1);
        let end = values.iter().rposition(|y| *y != values[last]).unwrap_or(last - 1);
        Self { low: points[begin - 1], high: points[end + 1] }
    }

    /// The part of this domain between `low` and `high`, the smallest and largest inputs in calibration, extended by a
    /// quarter on either side for inputs that calibration did not see.
    fn within(self, (low, high): (f64, f64)) -> Self {
        let more = ((high - low) / 4.0).max(1e-6 * high.abs().max(low.abs()).max(1e-6));
        let (low, high) = (self.low.max(low - more), self.high.min(high + more));
        // All inputs seen lie outside the domain, where the curve is constant.
        if low < high { Self { low, high } } else { self }
    }

    /// Width of one of `len` bins.
    fn bin(self, len: usize) -> f64 {
        (self.high - self.low) / len as f64
    }
}

/// Minimum weight scale of each channel or feature, given its index. Inputs have the scale `input`. It keeps multipliers
/// precise and biases small if the channel is dead.
pub(super) fn scale_floor(
    folded: &Folded,
    weight: Weight,
    input: f64,
    target: Target,
) -> impl Fn(usize) -> f64 {
    let unit = match &folded.activation {
        Activation::Curve(curve) => Domain::of(folded, curve, target).bin(TABLE),
        _ => target.steps().0,
    };
    move |i| {
        let (gain, for_bias) = match &folded.activation {
            Activation::Slopes { gain, .. } => {
                (gain[i].abs(), folded.bias[i].abs() / (input * largest_bias(weight)))
            }
            _ => (1.0, 0.0),
        };
        let for_multiplier = if gain == 0.0 {
            // The channel is constant: without this, the scale would be huge.
            0.0
        } else {
            smallest_multiplier(weight) / ONE * unit / (input * gain.max(f64::MIN_POSITIVE))
        };
        for_multiplier.max(for_bias).max(1e-30)
    }
}

/// The epilogue of a layer whose accumulators have steps of `units`, one per channel or feature.
///
/// # Errors
///
/// If a number doesn't fit: the channel or feature, and why.
pub(super) fn epilogue(
    folded: &Folded,
    units: &[f64],
    weight: Weight,
    target: Target,
) -> Result<Epilogue, (usize, String)> {
    let ((step, zero), count) = (target.steps(), units.len());
    match &folded.activation {
        Activation::Curve(curve) => table(folded, units, target, curve, TABLE)
            .or_else(|_| table(folded, units, target, curve, SHORTER_TABLE)),
        Activation::Slopes { negative, gain, shift } => {
            let factor =
                |i: usize, slope: f64| multiplier(units[i] * gain[i] * slope / step, STEPS);
            Ok(Epilogue {
                multipliers: each(count, |i| factor(i, 1.0))?,
                constants: each(count, |i| constant(shift[i] / step + zero + 0.5, STEPS))?,
                activation: DraftActivation::Slopes {
                    negative: each(count, |i| factor(i, negative[i]))?,
                    biases: each(count, |i| bias(folded.bias[i] / units[i], weight))?,
                },
            })
        }
        // Clamping the element is the activation: the tensor of a ReLU begins at 0, the pixels of a clip at its limit.
        Activation::None | Activation::Relu | Activation::Clip(..) => Ok(Epilogue {
            multipliers: each(count, |i| multiplier(units[i] / step, STEPS))?,
            constants: each(count, |i| constant(folded.bias[i] / step + zero + 0.5, STEPS))?,
            activation: DraftActivation::Clamp,
        }),
    }
}

/// The epilogue with a table of `curve` with `len` entries.
///
/// # Errors
///
/// As [`epilogue`].
fn table(
    folded: &Folded,
    units: &[f64],
    target: Target,
    curve: &[Operation],
    len: usize,
) -> Result<Epilogue, (usize, String)> {
    let domain = Domain::of(folded, curve, target);
    let bin = domain.bin(len);
    let middle = |entry: usize| (entry as f64 + 0.5) * bin + domain.low;
    let table = (0..len).map(|entry| target.quantize(all(curve, middle(entry)))).collect();
    Ok(Epilogue {
        multipliers: each(units.len(), |i| multiplier(units[i] / bin, ENTRIES))?,
        constants: each(units.len(), |i| constant((folded.bias[i] - domain.low) / bin, ENTRIES))?,
        activation: DraftActivation::Table(table),
    })
}

/// `number` of each of `count` channels or features, or the first that fails and why.
fn each<T>(
    count: usize,
    number: impl Fn(usize) -> Result<T, String>,
) -> Result<Vec<T>, (usize, String)> {
    (0..count).map(|i| number(i).map_err(|why| (i, why))).collect()
}

/// `factor` as a fixed-point multiplier, below 2³¹ in magnitude. Messages call its steps `unit`.
fn multiplier(factor: f64, unit: &str) -> Result<i32, String> {
    let fixed = (factor * ONE).round();
    if fixed.abs() < f64::from(i32::MAX) {
        Ok(fixed as i32)
    } else {
        Err(format!(
            "a step of its sum is {factor:.3e} {unit}, possible: below 0.5; weights of 12 bits have \
             finer steps"
        ))
    }
}

/// `steps` as a fixed-point constant, below 2⁵³ in magnitude. Messages call them `unit`.
fn constant(steps: f64, unit: &str) -> Result<i64, String> {
    let fixed = (steps * ONE).round();
    // Whole numbers below 2⁵³ are exact in f64, here and in the quantised ONNX.
    if fixed.abs() < (1_u64 << 53) as f64 {
        Ok(fixed as i64)
    } else {
        Err(format!("its constant is {steps:.3e} {unit}, too many"))
    }
}

/// The bias nearest to `steps` of the accumulator.
fn bias(steps: f64, weight: Weight) -> Result<i32, String> {
    // `scale_floor` often sets the bias to the limit itself, and dividing back may round above it.
    if steps.abs() <= largest_bias(weight) * 1.01 {
        Ok(steps.round() as i32)
    } else {
        Err(format!("its bias is {steps:.3e} steps of its sum, too many"))
    }
}
