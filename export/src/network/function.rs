//! Functions of one number: their values, limits and ONNX names. Values are computed by the crate `libm`: a platform's
//! own functions differ in the last bit.

/// Nonlinear functions, as ONNX defines them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// max(x, 0)
    Relu,
    /// x, or the given slope times x if x is negative.
    LeakyRelu(f64),
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// x clamped to the given limits, which may be infinite.
    Clip(f64, f64),
    /// x, or α·(eˣ − 1) if x is negative.
    Elu(f64),
    /// x, or α·(e^(x/α) − 1) if x is negative.
    Celu(f64),
    /// γ·x, or γ·α·(eˣ − 1) if x is negative.
    Selu {
        /// α
        alpha: f64,
        /// γ
        gamma: f64,
    },
    /// x·Φ(x)
    Gelu,
    /// ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
    GeluByTanh,
    /// ln(1 + eˣ)
    Softplus,
    /// x / (1 + |x|)
    Softsign,
    /// clamp(α·x + β, 0, 1)
    HardSigmoid {
        /// α
        alpha: f64,
        /// β
        beta: f64,
    },
    /// x·clamp(x/6 + ½, 0, 1)
    HardSwish,
    /// x·tanh(ln(1 + eˣ))
    Mish,
    /// Gauss's error function.
    Erf,
    /// eˣ
    Exp,
    /// ln x
    Log,
    /// |x|
    Abs,
    /// √x
    Sqrt,
    /// 1 / x
    Reciprocal,
    /// x to the given power.
    Power(f64),
    /// 1 if x is above the given limit, else 0.
    Above(f64),
}

impl Function {
    /// Its value at `x`.
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Relu if x < 0.0 => 0.0,
            Self::Relu => x,
            Self::LeakyRelu(slope) if x < 0.0 => slope * x,
            Self::LeakyRelu(_) => x,
            Self::Tanh => libm::tanh(x),
            Self::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
            Self::Clip(low, high) => x.max(low).min(high),
            Self::Elu(alpha) if x < 0.0 => alpha * libm::expm1(x),
            Self::Elu(_) => x,
            Self::Celu(alpha) if x < 0.0 => alpha * libm::expm1(x / alpha),
            Self::Celu(_) => x,
            Self::Selu { alpha, gamma } if x < 0.0 => gamma * alpha * libm::expm1(x),
            Self::Selu { gamma, .. } => gamma * x,
            Self::Gelu => 0.5 * x * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2)),
            Self::GeluByTanh => {
                let inner = (x + 0.044_715 * x * x * x) * (2.0 / std::f64::consts::PI).sqrt();
                0.5 * x * (1.0 + libm::tanh(inner))
            }
            Self::Softplus => softplus(x),
            Self::Softsign => x / (1.0 + x.abs()),
            Self::HardSigmoid { alpha, beta } => (alpha * x + beta).clamp(0.0, 1.0),
            Self::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            Self::Mish => x * libm::tanh(softplus(x)),
            Self::Erf => libm::erf(x),
            Self::Exp => libm::exp(x),
            Self::Log => libm::log(x),
            Self::Abs => x.abs(),
            Self::Sqrt => x.sqrt(),
            Self::Reciprocal => 1.0 / x,
            Self::Power(power) => libm::pow(x, power),
            Self::Above(limit) => f64::from(u8::from(x > limit)),
        }
    }

    /// Limits of its values. An end is infinite if there is no limit, or none that the pixel rule uses.
    pub fn limits(self) -> (f64, f64) {
        match self {
            Self::Relu => (0.0, f64::INFINITY),
            Self::Tanh | Self::Softsign | Self::Erf => (-1.0, 1.0),
            Self::Sigmoid | Self::HardSigmoid { .. } => (0.0, 1.0),
            Self::Clip(low, high) => (low, high),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// The operator's name in ONNX.
    pub fn operator(self) -> &'static str {
        match self {
            Self::Relu => "Relu",
            Self::LeakyRelu(_) => "LeakyRelu",
            Self::Tanh => "Tanh",
            Self::Sigmoid => "Sigmoid",
            Self::Clip(..) => "Clip",
            Self::Elu(_) => "Elu",
            Self::Celu(_) => "Celu",
            Self::Selu { .. } => "Selu",
            Self::Gelu | Self::GeluByTanh => "Gelu",
            Self::Softplus => "Softplus",
            Self::Softsign => "Softsign",
            Self::HardSigmoid { .. } => "HardSigmoid",
            Self::HardSwish => "HardSwish",
            Self::Mish => "Mish",
            Self::Erf => "Erf",
            Self::Exp => "Exp",
            Self::Log => "Log",
            Self::Abs => "Abs",
            Self::Sqrt => "Sqrt",
            Self::Reciprocal => "Reciprocal",
            Self::Power(_) => "Pow",
            Self::Above(_) => "Greater",
        }
    }
}

/// ln(1 + eˣ), computed without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

#[cfg(test)]
mod tests {
    use super::Function;

    /// Values are those of libm at numbers at which glibc's differ in the last bit.
    #[test]
    fn values_are_the_same_on_every_machine() {
        let values = [
            (Function::Tanh, 0.042_236_328_125, 0x3fa5_9cb5_df9f_964b_u64),
            (Function::Exp, 0.047_607_421_875, 0x3ff0_c7b7_5d66_2080),
            (Function::Sigmoid, 0.004_882_812_5, 0x3fe0_09ff_feb2_aadf),
            (Function::Elu(1.0), -0.084_472_656_25, 0xbfb4_bca0_743a_6f49),
            (Function::Celu(2.0), -0.168_945_312_5, 0xbfc4_bca0_743a_6f49),
            (Function::Selu { alpha: 2.0, gamma: 1.5 }, -0.084_472_656_25, 0xbfcf_1af0_ae57_a6ee),
            (Function::Log, 0.012_695_312_5, 0xc011_7751_a920_0242),
            (Function::Power(1.7), 0.001_953_125, 0x3ef9_fdf8_bcce_5340),
            (Function::Softplus, 0.004_882_812_5, 0x3fe6_4249_3ef9_d1c4),
            (Function::Mish, 0.000_488_281_25, 0x3f33_347a_df3a_a87c),
            (Function::GeluByTanh, 0.099_365_234_375, 0x3fab_736e_89df_37ec),
        ];
        for (function, x, bits) in values {
            assert_eq!(function.at(x).to_bits(), bits, "{function:?} at {x}");
        }
    }
}
