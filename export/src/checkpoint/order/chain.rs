//! A chain of modules: from the latents to the picture.

use crate::checkpoint::part::module::{Module, Norm};
use crate::checkpoint::settings::{Direction, PerLayer};
use crate::checkpoint::tensor::Tensor;

/// A linear module with the modules up to the next one.
#[derive(Clone)]
pub(crate) struct Link<'a> {
    pub(crate) name: &'a str,
    pub(crate) linear: Linear,
    pub(crate) channels_in: usize,
    /// Output channels of a convolution, features of a dense layer.
    pub(crate) channels_out: usize,
    /// The kernel's side; 1 for a dense layer.
    pub(crate) kernel: usize,
    /// Groups of a convolution's channels; 1 for a dense layer.
    pub(crate) groups: usize,
    pub(crate) weight: &'a Tensor,
    pub(crate) bias: Option<&'a Tensor>,
    pub(crate) norm: Option<(&'a str, Norm<'a>)>,
    /// PReLU's weights.
    pub(crate) slope: Option<&'a Tensor>,
    /// Whether its kind does not follow from its weights.
    pub(crate) either: bool,
    /// The name of its last module.
    pub(crate) last: &'a str,
    /// Channels, height and width of the map that a dense layer's features become.
    pub(crate) map: Option<[usize; 3]>,
}

/// What a linear module is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linear {
    Dense,
    Convolution(Direction),
    /// A convolution of as many input as output channels: its kind does not follow from its weights.
    Either,
}

/// What one link gives to the next.
#[derive(Clone, Copy, Default)]
pub(crate) enum Flow {
    /// Latents; the first module tells how long they are.
    #[default]
    Latents,
    Features(usize),
    Channels(usize),
}

/// Links in order.
#[derive(Clone, Default)]
pub(crate) struct Chain<'a> {
    pub(crate) links: Vec<Link<'a>>,
    pub(crate) flow: Flow,
    /// The modules' indices in the chain's order.
    pub(crate) order: Vec<usize>,
    /// Channels of the label's map that stands beside the first link's.
    pub(crate) joined: Option<usize>,
}

impl<'a> Link<'a> {
    pub(crate) fn new(
        module: &'a Module<'a>,
        linear: Linear,
        [channels_in, channels_out]: [usize; 2],
        kernel: usize,
        weight: &'a Tensor,
        bias: Option<&'a Tensor>,
    ) -> Self {
        let (norm, slope, map, groups) = (None, None, None, 1);
        let name = module.name.as_str();
        Self {
            name,
            linear,
            channels_in,
            channels_out,
            kernel,
            groups,
            weight,
            bias,
            norm,
            slope,
            either: false,
            last: name,
            map,
        }
    }
}

impl Chain<'_> {
    /// The directions that do not follow from the weights.
    pub(crate) fn directions(&self) -> PerLayer<Direction> {
        let direction = |link: &Link| match link.linear {
            Linear::Convolution(direction) if link.either => Some(direction),
            _ => None,
        };
        self.links.iter().map(direction).collect()
    }
}
