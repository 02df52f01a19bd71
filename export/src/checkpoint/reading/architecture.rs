//! The layers that a chain of modules makes, with geometry and activations, given or assumed.

use crate::checkpoint::order::chain::{Chain, Linear, Link};
use crate::checkpoint::part::label::Label;
use crate::checkpoint::part::module::fits;
use crate::checkpoint::part::numbering::Numbering;
use crate::checkpoint::reading::geometry::{Geometry, Place};
use crate::checkpoint::settings::per_layer::Chosen;
use crate::checkpoint::settings::{Activation, Direction, Labels, Settings, Told};
use crate::checkpoint::tensor::Tensor;
use anyhow::{Context, Result, bail, ensure};

/// A generator, layer by layer.
pub(crate) struct Architecture<'a> {
    pub(crate) layers: Vec<Layer<'a>>,
    /// How the label enters, and the layers that it goes through before.
    pub(crate) labels: Labels,
    pub(crate) label: Option<LabelLayers<'a>>,
    /// Number of elements of the noise.
    pub(crate) noise: usize,
    /// Whether it is assumed that features become a square map.
    pub(crate) square: bool,
    /// Whether the features of dense layers are in Keras' order: height, width, channels.
    pub(crate) channels_last: bool,
}

/// A label's way to the noise.
pub(crate) struct LabelLayers<'a> {
    pub(crate) label: Label<'a>,
    pub(crate) layers: Vec<Layer<'a>>,
}

/// A layer: its modules, and what a checkpoint does not store of them.
pub(crate) struct Layer<'a> {
    pub(crate) link: Link<'a>,
    /// Strides and paddings of a convolution; none for a dense layer.
    pub(crate) geometry: Option<Geometry>,
    /// Channels, height, width.
    pub(crate) input: [usize; 3],
    /// Channels, height, width.
    pub(crate) output: [usize; 3],
    pub(crate) activation: Chosen<Activation>,
    /// Whether the activation stands before the BatchNorm.
    pub(crate) activation_first: bool,
    /// How many modules without weights stand before it, beside one that changes the shape; none if the names do not tell.
    pub(crate) room: Option<usize>,
    /// Modules without weights that stand behind it, beside the activation, a change of shape, and upsampling.
    pub(crate) strangers: usize,
    /// BatchNorm's epsilon.
    pub(crate) epsilon: Chosen<f32>,
}

/// What stands between a layer's last module and the next layer.
struct Between {
    /// Whether an activation does: none if the names do not tell.
    activation: Option<bool>,
    activation_first: bool,
    upsample: bool,
    strangers: usize,
    /// All of these.
    modules: Option<usize>,
}

/// PyTorch's default epsilon of BatchNorm.
const TORCH_EPSILON: f32 = 1e-5;
/// Keras' default epsilon of BatchNormalization.
const KERAS_EPSILON: f32 = 1e-3;

impl<'a> Architecture<'a> {
    /// The architecture of `chain`, whose label enters as `labels` says, by the conventions of Keras or else of PyTorch.
    ///
    /// # Errors
    /// If a setting has values for another number of layers, or a layer can't have its geometry.
    pub(crate) fn new(
        chain: &Chain<'a>,
        (labels, label): (Labels, Option<&Label<'a>>),
        told: Told,
        numbering: &Numbering,
        keras: bool,
    ) -> Result<Self> {
        let inputs = chain.links.first().map_or(0, |link| link.channels_in);
        let noise = match (labels, label) {
            (Labels::OneHot(_, count), _) => inputs - count.min(inputs),
            (Labels::Embedded(place), Some(label)) if place.is_beside() => {
                inputs - label.width.min(inputs)
            }
            _ => inputs,
        };
        let label = label.map(|label| {
            let mut links = label.links.clone();
            // Beside the noise's map, the label's features are one of the same size.
            if let (Some(channels), Some(last)) = (chain.joined, links.last_mut())
                && last.linear == Linear::Dense
                && let Some([_, height, width]) = chain.links[0].map
            {
                last.map = Some([channels, height, width]);
            }
            let settings = Settings {
                activation: told.given.label_activation.into(),
                output: told.given.label_activation,
                ..Settings::default()
            };
            let assumed = Settings {
                activation: told.assumed.label_activation.into(),
                output: told.assumed.label_activation.or(Some(Activation::Relu)),
                ..Settings::default()
            };
            let told = Told { given: &settings, assumed: &assumed };
            let layers = layers(&links, told, numbering, keras)?;
            Ok::<_, anyhow::Error>(LabelLayers { label: label.clone(), layers })
        });
        Ok(Self {
            layers: layers(&chain.links, told, numbering, keras)?,
            labels,
            label: label.transpose()?,
            noise,
            square: told.given.map.is_none(),
            channels_last: keras,
        })
    }

    /// Number of multiplications of the first `count` layers for a picture.
    pub(crate) fn multiplications(&self, count: usize) -> usize {
        let layer = |layer: &Layer| {
            let weights: usize = layer.link.weight.shape.iter().product();
            let sides = match &layer.geometry {
                Some(it) if it.direction == Direction::Transposed => layer.input,
                Some(_) => layer.output,
                None => [1; 3],
            };
            weights.saturating_mul(sides[1] * sides[2])
        };
        self.layers.iter().take(count).map(layer).fold(0, usize::saturating_add)
    }

    /// Whether the noise goes into a dense layer, as features without rows and columns.
    pub(crate) fn begins_dense(&self) -> bool {
        self.layers.first().is_none_or(|layer| layer.geometry.is_none())
    }

    /// Whether a label enters before the first layer.
    pub(crate) fn is_joined_early(&self) -> bool {
        matches!(self.labels, Labels::Embedded(_) | Labels::OneHot(..))
    }

    /// The number of labels, and their embedding, if they have one.
    pub(crate) fn labels_and_table(&self) -> (usize, Option<&'a Tensor>) {
        match (self.labels, &self.label) {
            (Labels::OneHot(_, count), _) => (count, None),
            (Labels::None, _) | (_, None) => (0, None),
            (_, Some(it)) => (it.label.count, it.label.table),
        }
    }

    /// Channels, height and width of the picture.
    pub(crate) fn picture(&self) -> [usize; 3] {
        self.layers.last().map_or([0; 3], |layer| layer.output)
    }
}

/// The layers of `links`.
fn layers<'a>(
    links: &[Link<'a>],
    told: Told,
    numbering: &Numbering,
    keras: bool,
) -> Result<Vec<Layer<'a>>> {
    let count = links.len();
    told.given.check(count)?;
    let mut layers = Vec::new();
    let mut map = [links.first().map_or(0, |link| link.channels_in), 1, 1];
    let (mut upsample, mut room) = (1, None);
    for (index, link) in links.iter().enumerate() {
        let between = between(link, links.get(index + 1), numbering);
        let place = (index, count, upsample);
        let layer = layer(link, map, place, &between, told, keras);
        let layer = layer.with_context(|| format!("layer {index} \"{}\"", link.name))?;
        map = layer.output;
        upsample = if between.upsample { 2 } else { 1 };
        layers.push(Layer { room, ..layer });
        room = between.modules;
    }
    Ok(layers)
}

/// What stands between `link` and `next`, by the numbers in their names.
fn between(link: &Link, next: Option<&Link>, numbering: &Numbering) -> Between {
    // Where features become a map, a module changes the shape: before a BatchNorm of channels, or behind.
    let norm = link
        .norm
        .map(|(name, norm)| (name, link.map.is_some() && norm.channels != link.channels_out));
    let inner = norm.and_then(|(name, on_map)| {
        Some(numbering.gap(link.name, name)?.saturating_sub(usize::from(on_map)))
    });
    let activation_first = inner.is_some_and(|modules| modules > 0);
    let reshaped = link.map.is_some() && norm.is_none_or(|(_, on_map)| !on_map);
    let outer = next.and_then(|next| numbering.gap(link.last, next.name));
    let mut modules = outer.map(|modules| modules.saturating_sub(usize::from(reshaped)));
    let all = modules;
    let mut take = || match &mut modules {
        Some(left @ 1..) => {
            *left -= 1;
            true
        }
        _ => false,
    };
    let activation = match (activation_first || link.slope.is_some(), outer) {
        (true, _) => Some(true),
        (false, None) => None,
        (false, Some(_)) => Some(take()),
    };
    let plain = next.is_some_and(|next| {
        next.linear == Linear::Convolution(Direction::Plain) && next.kernel > 1
    });
    let upsample = plain && take();
    let strangers = modules.unwrap_or(0) + inner.map_or(0, |inner: usize| inner.saturating_sub(1));
    Between { activation, activation_first, upsample, strangers, modules: all }
}

/// Layer `index` of `count`, on `input`, before which rows and columns are probably repeated `upsample` times.
fn layer<'a>(
    link: &Link<'a>,
    input: [usize; 3],
    (index, count, upsample): (usize, usize, usize),
    between: &Between,
    told: Told,
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
            let (kernel, sides) = (link.kernel, [height, width]);
            let place = Place { direction, kernel, sides, index, upsample, keras };
            let geometry = Geometry::new(place, told)?;
            let output = [link.channels_out, geometry.output(height)?, geometry.output(width)?];
            (Some(geometry), output)
        }
    };
    let last = index + 1 == count;
    let activation = if last {
        Chosen::or(told.given.last(count), told.assumed.output.unwrap_or(Activation::Tanh))
    } else if link.slope.is_some() || between.activation == Some(false) {
        // PReLU takes its place, or nothing stands there. One value for all layers is for those that have an activation.
        let said = told.given.activation.list().and_then(|list| list[index]);
        Chosen::or(said, Activation::None).known()
    } else {
        told.layer(|it| &it.activation, index, Activation::Relu)
    };
    let epsilon =
        told.layer(|it| &it.epsilon, index, if keras { KERAS_EPSILON } else { TORCH_EPSILON });
    let eps = epsilon.value;
    ensure!(eps.is_finite() && eps >= 0.0, "--eps {eps}: must be a small number");
    Ok(Layer {
        link: link.clone(),
        geometry,
        input,
        output,
        activation,
        activation_first: between.activation_first,
        room: None,
        strangers: between.strangers,
        epsilon,
    })
}
