//! Epilogues: real factors and activations as the engine's fixed-point numbers and lookup tables.

use crate::network::fold::{Activation, Folded};
use crate::network::operation::Operation;
use crate::network::quantization::Quantization;
use crate::picture::pixel_rule::PixelRule;
use crate::quantize::table::{Domain, TABLE, table};
use gen_core::element::Weight;
use gen_core::format::write::DraftActivation;
use gen_core::requant::FRACTION_BITS;

/// 1 in fixed point, 2³².
pub(crate) const ONE: f64 = (1_u64 << FRACTION_BITS) as f64;
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

    /// Whether they are pixels.
    const fn is_pixels(self) -> bool {
        matches!(self, Self::Pixels(_))
    }

    /// The element nearest to `real`.
    pub(super) fn quantize(self, real: f64) -> i16 {
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

/// How fine and how large the sums of a layer are, one number per channel or feature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums<'s> {
    /// Real values of one step.
    pub(super) units: &'s [f64],
    /// The largest magnitudes, in steps.
    pub(super) reaches: &'s [i64],
}

impl Sums<'_> {
    /// The finest steps, as a real value, that these sums plus their biases can be scaled to: then multipliers are below
    /// ½, so that a step of a sum is at most half a step, and `acc·m + C` is below 2⁵³. `low`: the real value of step 0.
    pub(super) fn finest(self, folded: &Folded, low: f64) -> f64 {
        // So that rounding to whole numbers does not exceed a limit.
        const ABOVE: f64 = 1.0 + 1.0 / 65_536.0;
        let finest = |(i, unit): (usize, &f64)| {
            let largest = unit * self.reaches[i] as f64 + (folded.bias[i] - low).abs();
            (2.0 * unit).max(largest / f64::from(1 << 21)) * ABOVE
        };
        self.units.iter().enumerate().map(finest).fold(0.0, f64::max)
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
        Activation::Curve(curve) => Domain::of(folded, curve, target).entry(TABLE),
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

/// The epilogue of a layer with `sums`.
///
/// # Errors
///
/// If a number doesn't fit: the channel or feature, and why.
pub(super) fn epilogue(
    folded: &Folded,
    sums: Sums,
    weight: Weight,
    target: Target,
) -> Result<Epilogue, (usize, String)> {
    let ((step, zero), units) = (target.steps(), sums.units);
    let count = units.len();
    let looked_up = |curve: &[Operation]| {
        let (domain, table) = table(folded, sums, target, curve);
        let entry = domain.entry(table.len());
        Ok(Epilogue {
            multipliers: each(count, |i| multiplier(units[i] / entry))?,
            constants: each(count, |i| constant((folded.bias[i] - domain.low) / entry))?,
            activation: DraftActivation::Table(table),
        })
    };
    match &folded.activation {
        Activation::Curve(curve) => looked_up(curve),
        Activation::Slopes { negative, gain, shift } => {
            let factor = |i: usize, slope: f64| multiplier(units[i] * gain[i] * slope / step);
            Ok(Epilogue {
                multipliers: each(count, |i| factor(i, 1.0))?,
                constants: each(count, |i| constant(shift[i] / step + zero + 0.5))?,
                activation: DraftActivation::Slopes {
                    negative: each(count, |i| factor(i, negative[i]))?,
                    biases: each(count, |i| bias(folded.bias[i] / units[i], weight))?,
                },
            })
        }
        // Sums that are too steep for pixels look them up, in coarser entries. The pixel rule is the activation.
        _ if target.is_pixels() && step < sums.finest(folded, -zero * step) => looked_up(&[]),
        // Clamping the element is the activation: the tensor of a ReLU begins at 0, the pixels of a clip at its limit.
        Activation::None | Activation::Relu | Activation::Clip(..) => Ok(Epilogue {
            multipliers: each(count, |i| multiplier(units[i] / step))?,
            constants: each(count, |i| constant(folded.bias[i] / step + zero + 0.5))?,
            activation: DraftActivation::Clamp,
        }),
    }
}

/// `number` of each of `count` channels or features, or the first that fails and why.
fn each<T>(
    count: usize,
    number: impl Fn(usize) -> Result<T, String>,
) -> Result<Vec<T>, (usize, String)> {
    (0..count).map(|i| number(i).map_err(|why| (i, why))).collect()
}

/// `factor` as a fixed-point multiplier, below 2³¹ in magnitude.
fn multiplier(factor: f64) -> Result<i32, String> {
    let fixed = (factor * ONE).round();
    if fixed.abs() < f64::from(i32::MAX) {
        Ok(fixed as i32)
    } else {
        Err(format!(
            "a step of its sum is {factor:.3e} steps of its output, possible: below 0.5; weights of 12 bits have \
             finer steps"
        ))
    }
}

/// `steps` as a fixed-point constant, below 2⁵³ in magnitude.
fn constant(steps: f64) -> Result<i64, String> {
    let fixed = (steps * ONE).round();
    // Whole numbers below 2⁵³ are exact in f64, here and in the quantised ONNX.
    if fixed.abs() < (1_u64 << 53) as f64 {
        Ok(fixed as i64)
    } else {
        Err(format!("its constant is {steps:.3e} steps of its output, too many"))
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
