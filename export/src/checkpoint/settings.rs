//! Options for what a checkpoint does not store, with their defaults.

use anyhow::{Result, ensure};
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// What a checkpoint does not store. Defaults are assumed for what is left out.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Key of the generator in the file, as `state_dict.netG`; `.` is the whole file.
    pub key: Option<String>,
    /// Names of the modules, first to last, if neither names nor shapes tell their order. Modules that are not named
    /// are left out.
    pub order: Option<Vec<String>>,
    /// Channels, height and width of the map that a Linear's features become.
    pub map: Option<[usize; 3]>,
    /// Which convolution 4-D weights belong to.
    pub convolution: PerLayer<Direction>,
    /// Strides.
    pub stride: PerLayer<usize>,
    /// Paddings, as PyTorch has them.
    pub padding: PerLayer<Padding>,
    /// Output paddings of transposed convolutions.
    pub output_padding: PerLayer<usize>,
    /// How often rows and columns are repeated before the layer.
    pub upsample: PerLayer<usize>,
    /// Activations. A single one is for all layers but the last.
    pub activation: PerLayer<Activation>,
    /// Activation of the last layer. It overrides that of a list.
    pub output: Option<Activation>,
    /// BatchNorm's epsilon.
    pub epsilon: PerLayer<f32>,
}

impl Settings {
    /// The first option that was given, other than the key.
    pub(super) fn given(&self) -> Option<&'static str> {
        let Self { key: _, order, map, convolution, stride, padding, .. } = self;
        let Self { output_padding, upsample, activation, output, epsilon, .. } = self;
        let options = [
            ("order", order.is_some()),
            ("conv", convolution.is_given()),
            ("stride", stride.is_given()),
            ("padding", padding.is_given()),
            ("output-padding", output_padding.is_given()),
            ("upsample", upsample.is_given()),
            ("map", map.is_some()),
            ("activation", activation.is_given()),
            ("output", output.is_some()),
            ("eps", epsilon.is_given()),
        ];
        options.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }
}

/// One value for all layers, or one for each, of which some may be left to assumptions.
#[derive(Clone, Debug)]
pub struct PerLayer<T>(Vec<Option<T>>);

/// Marks assumed values in the table.
pub(super) const MARK: &str = "*";

/// A value of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chosen<T> {
    pub(super) value: T,
    pub(super) assumed: bool,
}

impl<T> Chosen<T> {
    /// `said` if there is one, else `usual`, marked as assumed.
    pub(super) fn or(said: Option<T>, usual: T) -> Self {
        match said {
            Some(value) => Self { value, assumed: false },
            None => Self { value: usual, assumed: true },
        }
    }

    /// [`MARK`] if the value is assumed, else nothing.
    pub(super) fn mark(&self) -> &'static str {
        if self.assumed { MARK } else { "" }
    }
}

impl<T: Display> Display for Chosen<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, self.mark())
    }
}

/// Kinds of convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// ConvTranspose2d.
    Transposed,
    /// Conv2d.
    Plain,
}

/// The padding of a convolution: zeros around its input, or outputs that a transposed one cuts off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// On each side.
    Sides(usize),
    /// Keras' `same`: only the stride changes the map's size.
    Same,
}

/// Activations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// max(x, 0)
    Relu,
    /// x, or the given slope times x where x is negative.
    Leaky(f32),
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// No activation.
    None,
}

impl<T> Default for PerLayer<T> {
    fn default() -> Self {
        Self(vec![None])
    }
}

impl<T: Copy> PerLayer<T> {
    /// The value for layer `index`, if there is one.
    pub(super) fn get(&self, index: usize) -> Option<T> {
        if let [all] = self.0[..] { all } else { self.0.get(index).copied().flatten() }
    }

    /// Whether there is a value for any layer.
    fn is_given(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    /// Refuses the list of option `option` unless it has one value, or one for each of `layers` layers.
    pub(super) fn check(&self, option: &str, layers: usize) -> Result<()> {
        let len = self.0.len();
        ensure!(
            len == 1 || len == layers,
            "--{option} has {len} values for {layers} layers: give one for all, or one for each (_ \
             leaves a layer's as assumed)"
        );
        Ok(())
    }
}

impl<T> FromIterator<Option<T>> for PerLayer<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<T: FromStr> FromStr for PerLayer<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let value = |piece: &str| match piece.trim() {
            "_" => Ok(None),
            piece => piece.parse().map(Some),
        };
        text.split(',').map(value).collect()
    }
}

impl FromStr for Direction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "transposed" => Ok(Self::Transposed),
            "plain" => Ok(Self::Plain),
            _ => Err("possible: transposed, plain".to_owned()),
        }
    }
}

impl FromStr for Padding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(sides) => Ok(Self::Sides(sides)),
            Err(_) if text == "same" => Ok(Self::Same),
            Err(_) => Err("possible: a number, same".to_owned()),
        }
    }
}

impl Display for Activation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relu => f.write_str("ReLU"),
            Self::Leaky(slope) => write!(f, "LeakyReLU {slope}"),
            Self::Tanh => f.write_str("tanh"),
            Self::Sigmoid => f.write_str("sigmoid"),
            Self::None => f.write_str("nothing"),
        }
    }
}

impl FromStr for Activation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let slope = text.strip_prefix("leaky:").and_then(|slope| slope.parse::<f32>().ok());
        match (text, slope.filter(|slope| slope.is_finite())) {
            ("relu", _) => Ok(Self::Relu),
            ("tanh", _) => Ok(Self::Tanh),
            ("sigmoid", _) => Ok(Self::Sigmoid),
            ("none", _) => Ok(Self::None),
            (_, Some(slope)) => Ok(Self::Leaky(slope)),
            _ => Err("possible: relu, leaky:SLOPE, tanh, sigmoid, none".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_one_value_or_one_a_layer() {
        let list: PerLayer<usize> = "2, _,1".parse().unwrap();
        assert_eq!([0, 1, 2, 3].map(|index| list.get(index)), [Some(2), None, Some(1), None]);
        assert!(list.check("stride", 3).is_ok());
        let error = list.check("stride", 4).unwrap_err().to_string();
        assert!(error.contains("--stride has 3 values for 4 layers"), "{error}");
        let all: PerLayer<Activation> = "leaky:0.2".parse().unwrap();
        assert_eq!(all.get(9), Some(Activation::Leaky(0.2)));
        assert!(all.check("activation", 4).is_ok());
        assert_eq!("same".parse(), Ok(Padding::Same));
        for bad in ["", "leaky", "leaky:", "leaky:nan", "softmax"] {
            assert!(bad.parse::<Activation>().is_err(), "{bad}");
        }
    }
}
