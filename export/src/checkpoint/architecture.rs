//! The layers that a chain of modules makes, with geometry and activations, given or assumed.

use crate::checkpoint::chain::{Chain, Linear, Link};
use crate::checkpoint::geometry::Geometry;
use crate::checkpoint::module::fits;
use crate::checkpoint::settings::{Activation, Chosen, Settings};
use anyhow::{Context, Result, bail, ensure};

/// A generator, layer by layer.
pub(super) struct Architecture<'a> {
    pub(super) layers: Vec<Layer<'a>>,
    /// Whether the shapes led to another order than that of the names.
    pub(super) reordered: bool,
    /// Whether it is assumed that features become a square map.
    pub(super) square: bool,
    /// Whether the features of dense layers are in Keras' order: height, width, channels.
    pub(super) channels_last: bool,
}

/// A layer: its modules, and what a checkpoint does not store of them.
pub(super) struct Layer<'a> {
    pub(super) link: Link<'a>,
    /// Strides and paddings of a convolution; none for a dense layer.
    pub(super) geometry: Option<Geometry>,
    /// Channels, height, width.
    pub(super) input: [usize; 3],
    /// Channels, height, width.
    pub(super) output: [usize; 3],
    pub(super) activation: Chosen<Activation>,
    /// BatchNorm's epsilon.
    pub(super) epsilon: Chosen<f32>,
}

/// The default epsilon of BatchNorm in PyTorch, and in Keras.
const EPSILON: [f32; 2] = [1e-5, 1e-3];

impl<'a> Architecture<'a> {
    /// The architecture of `chain`, by the conventions of Keras or else of PyTorch.
    ///
    /// # Errors
    /// If a setting has values for another number of layers, or a layer can't have its geometry.
    pub(super) fn new(chain: Chain<'a>, settings: &Settings, keras: bool) -> Result<Self> {
        let count = chain.links.len();
        settings.convolution.check("conv", count)?;
        settings.stride.check("stride", count)?;
        settings.padding.check("padding", count)?;
        settings.output_padding.check("output-padding", count)?;
        settings.upsample.check("upsample", count)?;
        settings.activation.check("activation", count)?;
        settings.epsilon.check("eps", count)?;
        let reordered = settings.order.is_none() && !chain.order.is_sorted();
        let mut layers = Vec::new();
        let mut map = [chain.links.first().map_or(0, |link| link.channels_in), 1, 1];
        for (index, link) in chain.links.into_iter().enumerate() {
            let name = link.name;
            let layer = layer(link, map, (index, count), settings, keras);
            let layer = layer.with_context(|| format!("layer {index} \"{name}\""))?;
            map = layer.output;
            layers.push(layer);
        }
        Ok(Self { layers, reordered, square: settings.map.is_none(), channels_last: keras })
    }
}

/// Layer `index` of `count`, on `input`.
fn layer<'a>(
    link: Link<'a>,
    input: [usize; 3],
    (index, count): (usize, usize),
    settings: &Settings,
    keras: bool,
) -> Result<Layer<'a>> {
    let [_, height, width] = input;
    if let Some(bias) = link.bias {
        fits(bias, &[link.channels_out])?;
    }
    let (geometry, output) = match link.linear {
        Linear::Dense => (None, link.map.unwrap_or([link.channels_out, 1, 1])),
        Linear::Either => bail!(
            "weights of shape {:?} may be ConvTranspose2d's or Conv2d's: pass --conv transposed or \
             --conv plain, or a list with one for each layer, _ for the others",
            link.weight.shape
        ),
        Linear::Convolution(direction) => {
            let sides = [height, width];
            let geometry = Geometry::new(direction, link.kernel, sides, index, settings, keras)?;
            let output = [link.channels_out, geometry.output(height)?, geometry.output(width)?];
            (Some(geometry), output)
        }
    };
    let last = index + 1 == count;
    let activation = if !last && link.slope.is_some() {
        // PReLU takes its place.
        Chosen { value: Activation::None, assumed: false }
    } else if last {
        Chosen::or(settings.output, Activation::Tanh)
    } else {
        Chosen::or(settings.activation.get(index), Activation::Relu)
    };
    let epsilon = Chosen::or(settings.epsilon.get(index), EPSILON[usize::from(keras)]);
    let eps = epsilon.value;
    ensure!(eps.is_finite() && eps >= 0.0, "--eps {eps}: must be a small number");
    Ok(Layer { link, geometry, input, output, activation, epsilon })
}
