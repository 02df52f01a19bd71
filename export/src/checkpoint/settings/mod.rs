//! Options for what a checkpoint does not store.

pub(crate) mod per_layer;

use crate::checkpoint::settings::per_layer::Chosen;
pub use crate::checkpoint::settings::per_layer::PerLayer;
use anyhow::Result;
use gen_core::latent::Distribution;
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
    /// How a label enters.
    pub labels: Option<Labels>,
    /// Activation behind the layers that only the label goes through.
    pub label_activation: Option<Activation>,
    /// Distribution of the noise: normal or uniform.
    pub latent: Option<Distribution>,
    /// Which convolution 4-D weights belong to.
    pub convolution: PerLayer<Direction>,
    /// Groups of a convolution's channels.
    pub groups: PerLayer<usize>,
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
    /// Height and width of the pictures.
    pub size: Option<[usize; 2]>,
    /// Whether to convert although the file does not prove what was understood.
    pub assume: bool,
}

/// What a person has said, and what is assumed for the rest.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) given: &'a Settings,
    pub(crate) assumed: &'a Settings,
}

impl Told<'_> {
    /// The value of one option for layer `index`: given, assumed, or else `usual`.
    pub(crate) fn layer<T: Copy>(
        &self,
        option: impl Fn(&Settings) -> &PerLayer<T>,
        index: usize,
        usual: T,
    ) -> Chosen<T> {
        let assumed = option(self.assumed).get(index);
        Chosen::or(option(self.given).get(index), assumed.unwrap_or(usual))
    }
}

impl Settings {
    /// These settings, with `others` for what they leave out.
    pub(crate) fn or(&self, others: &Self) -> Self {
        let it = self.clone();
        Self {
            key: it.key.or(others.key.clone()),
            order: it.order.or(others.order.clone()),
            map: it.map.or(others.map),
            labels: it.labels.or(others.labels),
            label_activation: it.label_activation.or(others.label_activation),
            latent: it.latent.or(others.latent),
            convolution: it.convolution.or(&others.convolution),
            groups: it.groups.or(&others.groups),
            stride: it.stride.or(&others.stride),
            padding: it.padding.or(&others.padding),
            output_padding: it.output_padding.or(&others.output_padding),
            upsample: it.upsample.or(&others.upsample),
            activation: it.activation.or(&others.activation),
            output: it.output.or(others.output),
            epsilon: it.epsilon.or(&others.epsilon),
            size: it.size.or(others.size),
            assume: it.assume || others.assume,
        }
    }

    /// The activation of the last of `count` layers.
    pub(crate) fn last(&self, count: usize) -> Option<Activation> {
        self.output.or_else(|| self.activation.list().and_then(|_| self.activation.get(count - 1)))
    }

    /// Refuses lists that are not for `count` layers.
    pub(crate) fn check(&self, count: usize) -> Result<()> {
        self.convolution.check("conv", count)?;
        self.groups.check("groups", count)?;
        self.stride.check("stride", count)?;
        self.padding.check("padding", count)?;
        self.output_padding.check("output-padding", count)?;
        self.upsample.check("upsample", count)?;
        self.activation.check("activation", count)?;
        self.epsilon.check("eps", count)
    }

    /// The first option that was given, other than the key.
    pub(crate) fn given(&self) -> Option<&'static str> {
        self.options().first().map(|(option, _)| *option)
    }

    /// The options of the command line that say the same, but for the key.
    pub(crate) fn options(&self) -> Vec<(&'static str, String)> {
        let mut options = Vec::new();
        let mut add = |option, value: Option<String>| {
            options.extend(value.map(|value| (option, value)));
        };
        add("order", self.order.as_ref().map(|order| order.join(",")));
        add("labels", self.labels.map(|labels| labels.to_string()));
        add("label-activation", self.label_activation.map(|it| it.to_string()));
        add("latent", self.latent.map(|kind| crate::latent::name(kind).to_owned()));
        add("map", self.map.map(|[c, h, w]| format!("{c}x{h}x{w}")));
        add("conv", self.convolution.option());
        add("groups", self.groups.option());
        add("stride", self.stride.option());
        add("padding", self.padding.option());
        add("output-padding", self.output_padding.option());
        add("upsample", self.upsample.option());
        add("activation", self.activation.option());
        add("output", self.output.map(|output| output.to_string()));
        add("eps", self.epsilon.option());
        add("size", self.size.map(|[height, width]| format!("{height}x{width}")));
        options
    }
}

/// How a label enters a generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// There is no label.
    None,
    /// The outputs of the file's `nn.Embedding` enter.
    Embedded(Place),
    /// So many one-hot elements enter.
    OneHot(Place, usize),
    /// The label has a first layer of its own, whose map stands beside that of the noise.
    Joined(Place),
}

/// Where what stands for the label meets the noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Concatenated behind the noise.
    Behind,
    /// Concatenated before the noise.
    Before,
    /// Multiplied with the noise, element by element.
    Times,
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

impl FromStr for Direction {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "transposed" => Ok(Self::Transposed),
            "plain" => Ok(Self::Plain),
            _ => Err("possible: transposed, plain".to_owned()),
        }
    }
}

impl FromStr for Padding {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.parse() {
            Ok(sides) => Ok(Self::Sides(sides)),
            Err(_) if text == "same" => Ok(Self::Same),
            Err(_) => Err("possible: a number, same".to_owned()),
        }
    }
}

impl Place {
    /// Whether the label's elements stand beside those of the noise.
    pub(crate) fn is_beside(self) -> bool {
        self != Self::Times
    }
}

impl FromStr for Labels {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (place, count) = match text.split_once(':') {
            Some((place, count)) => (place, count.parse().ok().filter(|&count| count > 0)),
            None => (text, Some(0)),
        };
        let place = match place {
            "none" if text == place => return Ok(Self::None),
            "behind" => Some(Place::Behind),
            "before" => Some(Place::Before),
            "map-behind" if text == place => return Ok(Self::Joined(Place::Behind)),
            "map-before" if text == place => return Ok(Self::Joined(Place::Before)),
            "times" if text == place => Some(Place::Times),
            _ => None,
        };
        match (place, count) {
            (Some(place), Some(0)) => Ok(Self::Embedded(place)),
            (Some(place), Some(count)) => Ok(Self::OneHot(place, count)),
            _ => Err("possible: behind, before, times, map-behind, map-before, none; for 10 one-hot elements behind:10, before:10"
                .to_owned()),
        }
    }
}

impl Display for Labels {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Embedded(place) => write!(f, "{place}"),
            Self::OneHot(place, count) => write!(f, "{place}:{count}"),
            Self::Joined(place) => write!(f, "map-{place}"),
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Behind => "behind",
            Self::Before => "before",
            Self::Times => "times",
        })
    }
}

impl Display for Direction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transposed => "transposed",
            Self::Plain => "plain",
        })
    }
}

impl Display for Padding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sides(sides) => write!(f, "{sides}"),
            Self::Same => f.write_str("same"),
        }
    }
}

impl Display for Activation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relu => f.write_str("relu"),
            Self::Leaky(slope) => write!(f, "leaky:{slope}"),
            Self::Tanh => f.write_str("tanh"),
            Self::Sigmoid => f.write_str("sigmoid"),
            Self::None => f.write_str("none"),
        }
    }
}

impl Activation {
    /// Its name in tables.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Relu => "ReLU".to_owned(),
            Self::Leaky(slope) => format!("LeakyReLU {slope}"),
            Self::Tanh => "tanh".to_owned(),
            Self::Sigmoid => "sigmoid".to_owned(),
            Self::None => "nothing".to_owned(),
        }
    }
}

impl FromStr for Activation {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
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
