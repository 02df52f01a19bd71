//! Modules in the order in which they work on latents.

use crate::checkpoint::module::{Module, Norm};
use crate::checkpoint::settings::Direction;
use crate::checkpoint::tensor::Tensor;

/// A linear module with those that follow it.
#[derive(Clone)]
pub(super) struct Link<'a> {
    pub(super) name: &'a str,
    pub(super) linear: Linear,
    pub(super) channels_in: usize,
    /// Features, for a dense one.
    pub(super) channels_out: usize,
    /// Kernel's side; 1 for a dense one.
    pub(super) kernel: usize,
    pub(super) weight: &'a Tensor,
    pub(super) bias: Option<&'a Tensor>,
    pub(super) norm: Option<(&'a str, Norm<'a>)>,
    /// PReLU's weights.
    pub(super) slope: Option<&'a Tensor>,
    /// Channels, height and width that a dense one's features become.
    pub(super) map: Option<[usize; 3]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Linear {
    Dense,
    Convolution(Direction),
    /// As many channels in as out: the weights may be either's.
    Either,
}

/// What flows between two links.
#[derive(Clone, Copy)]
pub(super) enum Flow {
    /// Latents, of a length that the first module tells.
    Latents,
    Features(usize),
    Channels(usize),
}

/// Modules in order.
#[derive(Clone)]
pub(super) struct Chain<'a> {
    pub(super) links: Vec<Link<'a>>,
    pub(super) flow: Flow,
    /// Indices of the modules, as they follow each other.
    pub(super) order: Vec<usize>,
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
        let (norm, slope, map) = (None, None, None);
        let name = module.name.as_str();
        Self { name, linear, channels_in, channels_out, kernel, weight, bias, norm, slope, map }
    }
}
