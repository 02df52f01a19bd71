//! A chain of modules: from the latents to the picture.

use crate::checkpoint::module::{Module, Norm};
use crate::checkpoint::settings::{Direction, PerLayer};
use crate::checkpoint::tensor::Tensor;

/// A linear module with the modules up to the next one.
#[derive(Clone)]
pub(super) struct Link<'a> {
    pub(super) name: &'a str,
    pub(super) linear: Linear,
    pub(super) channels_in: usize,
    /// Output channels of a convolution, features of a dense layer.
    pub(super) channels_out: usize,
    /// The kernel's side; 1 for a dense layer.
    pub(super) kernel: usize,
    /// Groups of a convolution's channels; 1 for a dense layer.
    pub(super) groups: usize,
    pub(super) weight: &'a Tensor,
    pub(super) bias: Option<&'a Tensor>,
    pub(super) norm: Option<(&'a str, Norm<'a>)>,
    /// PReLU's weights.
    pub(super) slope: Option<&'a Tensor>,
    /// Whether its kind does not follow from its weights.
    pub(super) either: bool,
    /// The name of its last module.
    pub(super) last: &'a str,
    /// Channels, height and width of the map that a dense layer's features become.
    pub(super) map: Option<[usize; 3]>,
}

/// What a linear module is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Linear {
    Dense,
    Convolution(Direction),
    /// A convolution of as many input as output channels: its kind does not follow from its weights.
    Either,
}

/// What one link gives to the next.
#[derive(Clone, Copy, Default)]
pub(super) enum Flow {
    /// Latents; the first module tells how long they are.
    #[default]
    Latents,
    Features(usize),
    Channels(usize),
}

/// Links in order.
#[derive(Clone, Default)]
pub(super) struct Chain<'a> {
    pub(super) links: Vec<Link<'a>>,
    pub(super) flow: Flow,
    /// The modules' indices in the chain's order.
    pub(super) order: Vec<usize>,
    /// Channels of the label's map that stands beside the first link's.
    pub(super) joined: Option<usize>,
}

impl<'a> Link<'a> {
    pub(super) fn new(
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
    pub(super) fn directions(&self) -> PerLayer<Direction> {
        let direction = |link: &Link| match link.linear {
            Linear::Convolution(direction) if link.either => Some(direction),
            _ => None,
        };
        self.links.iter().map(direction).collect()
    }
}
