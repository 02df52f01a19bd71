//! Writes an architecture as an ONNX graph.

use crate::checkpoint::part::module::Norm;
use crate::checkpoint::reading::architecture::{Architecture, Layer};
use crate::checkpoint::settings::{Activation, Direction, Labels, Place};
use crate::checkpoint::tensor::Tensor;
use crate::latent;
use crate::onnx::graph::{Graph, Values, float, geometry, int, labels, tensor, text};
use crate::onnx::metadata;
use anyhow::Result;
use gen_core::latent::Distribution;
use tract_onnx::pb::{AttributeProto, ModelProto, ValueInfoProto};

/// Name of the input of the noise.
pub(crate) const NOISE: &str = "z";
/// Name of the input of the label.
pub(crate) const LABEL: &str = "label";

/// An architecture as ONNX.
pub(crate) struct Written<'a> {
    pub(crate) model: ModelProto,
    /// The BatchNorms, each behind those that it depends on.
    pub(crate) normed: Vec<Normed<'a>>,
}

/// A BatchNorm in the graph.
pub(crate) struct Normed<'a> {
    pub(crate) name: &'a str,
    pub(crate) norm: Norm<'a>,
    /// The tensor that it reads.
    pub(crate) input: String,
    /// Index of its layer.
    pub(crate) layer: usize,
    /// Whether only the label goes through it.
    pub(crate) is_label: bool,
}

/// Mean and variance of each channel.
pub(crate) type Moments = Vec<[f32; 2]>;

/// The ONNX of `architecture`. Its noise is `[batch, z, 1, 1]` if it begins with a convolution and there is no label, else
/// `[batch, z]`; a label is a number, or one-hot, `[batch, count]`; pictures are `[batch, channels, height, width]`.
/// `distribution` of the noise is stored in the file. `moments` replace what the first BatchNorms have stored.
pub(crate) fn write<'a>(
    architecture: &Architecture<'a>,
    distribution: Option<Distribution>,
    moments: &[Moments],
) -> Result<Written<'a>> {
    let (first, last) = (architecture.layers.first(), architecture.layers.last());
    let dense = architecture.begins_dense();
    let mut chain = Emitter {
        graph: Graph::default(),
        current: NOISE.to_owned(),
        flat: dense,
        channels_last: architecture.channels_last,
        normed: vec![],
        moments,
    };
    let noise = architecture.noise as i64;
    let shape = [noise, 1, 1];
    let mut inputs = vec![tensor(
        NOISE,
        if dense || architecture.is_joined_early() { &shape[..1] } else { &shape },
    )];
    if architecture.is_joined_early() {
        inputs.push(chain.label(architecture)?);
        if !dense {
            let elements = first.map_or(0, |layer| layer.input[0]);
            chain.pixel("latent", elements);
        }
    }
    for (index, layer) in architecture.layers.iter().enumerate() {
        chain.layer(layer, (index, false))?;
        if index == 0 && matches!(architecture.labels, Labels::Joined(_)) {
            inputs.push(chain.label(architecture)?);
        }
    }
    let picture = last.map_or([0; 3], |layer| layer.output).map(|side| side as i64);
    let output = tensor(&chain.current, &picture);
    let told = distribution.map(|kind| (metadata::LATENTS, latent::name(kind).to_owned()));
    let graph = std::mem::take(&mut chain.graph);
    let model = graph.model("generator", inputs, output, told.into_iter().collect());
    Ok(Written { model, normed: chain.normed })
}

/// A graph while layers are added at its end.
struct Emitter<'a, 'm> {
    graph: Graph,
    /// The newest tensor.
    current: String,
    /// Whether that is `[batch, features]`, not a map.
    flat: bool,
    /// Whether features are in Keras' order: height, width, channels.
    channels_last: bool,
    /// The BatchNorms so far.
    normed: Vec<Normed<'a>>,
    /// What replaces the moments that the first of them have stored.
    moments: &'m [Moments],
}

impl<'a> Emitter<'a, '_> {
    /// Joins the label to the newest tensor. Returns the declaration of its input.
    fn label(&mut self, architecture: &Architecture<'a>) -> Result<ValueInfoProto> {
        let noise = std::mem::replace(&mut self.current, LABEL.to_owned());
        let flat = std::mem::replace(&mut self.flat, true);
        let (count, table) = architecture.labels_and_table();
        let declared = match table {
            Some(table) => {
                let table = self.floats(table, &table.shape, None)?;
                self.current =
                    self.graph.node("Gather", "label/embedding", &[&table, LABEL], vec![]);
                labels(LABEL, &[])
            }
            None => tensor(LABEL, &[count as i64]),
        };
        for (index, layer) in architecture.label.iter().flat_map(|it| &it.layers).enumerate() {
            if self.flat && layer.geometry.is_some() {
                self.pixel("label", layer.input[0]);
            }
            self.layer(layer, (index, true))?;
        }
        let label = std::mem::replace(&mut self.current, noise.clone());
        let name = "label/joined";
        self.current = match architecture.labels {
            Labels::Embedded(Place::Times) | Labels::OneHot(Place::Times, _) => {
                self.graph.node("Mul", name, &[&noise, &label], vec![])
            }
            Labels::Embedded(Place::Before)
            | Labels::OneHot(Place::Before, _)
            | Labels::Joined(Place::Before) => {
                self.graph.node("Concat", name, &[&label, &noise], vec![int("axis", 1)])
            }
            _ => self.graph.node("Concat", name, &[&noise, &label], vec![int("axis", 1)]),
        };
        self.flat = flat;
        Ok(declared)
    }

    /// Reshapes `elements` features to a map of one pixel.
    fn pixel(&mut self, name: &str, elements: usize) {
        let shape = Values::Int64(&[-1, elements as i64, 1, 1]);
        let shape = self.graph.constant(&format!("{name}/shape"), &[4], shape);
        self.then("Reshape", &format!("{name}/map"), &[shape], vec![]);
        self.flat = false;
    }

    /// Adds a layer: linear module, BatchNorm, PReLU or activation. `place`: its index, and whether it is the label's.
    fn layer(&mut self, layer: &Layer<'a>, place: (usize, bool)) -> Result<()> {
        let link = &layer.link;
        let (operator, attributes) = match &layer.geometry {
            None => ("Gemm", vec![int("transB", 1)]),
            Some(it) => {
                if it.upsample.value > 1 {
                    self.upsample(link.name, it.upsample.value as f32);
                }
                let [begin, end] = it.pads.value;
                let pads = [begin, begin, end, end];
                let operator = match it.direction {
                    Direction::Transposed => "ConvTranspose",
                    Direction::Plain => "Conv",
                };
                let mut attributes = geometry(it.stride.value, pads, it.output_padding.value);
                if link.groups > 1 {
                    attributes.push(int("group", link.groups as i64));
                }
                (operator, attributes)
            }
        };
        let mut inputs = Vec::new();
        for tensor in [Some(link.weight), link.bias].into_iter().flatten() {
            inputs.push(self.floats(tensor, &tensor.shape, link.map)?);
        }
        self.then(operator, link.name, &inputs, attributes);
        if layer.activation_first {
            self.activation(layer);
        }
        let features = (self.flat && link.map.is_some()).then_some(link.channels_out);
        if features.is_some_and(|features| link.norm.is_none_or(|(_, n)| n.channels != features)) {
            self.reshape(layer);
        }
        self.norm(layer, place)?;
        if let Some(slope) = link.slope {
            let per_feature = slope.shape == [link.channels_out] && self.flat;
            if !per_feature {
                self.reshape(layer);
            }
            self.slope(layer, slope)?;
        }
        self.reshape(layer);
        if !layer.activation_first {
            self.activation(layer);
        }
        Ok(())
    }

    /// Reshapes a dense layer's features to the map that they become, unless that has happened already.
    fn reshape(&mut self, layer: &Layer) {
        let Some(map) = layer.link.map.filter(|_| self.flat) else { return };
        let shape = [-1, map[0] as i64, map[1] as i64, map[2] as i64];
        let name = format!("{}/shape", layer.link.name);
        let shape = self.graph.constant(&name, &[4], Values::Int64(&shape));
        self.then("Reshape", &format!("{}/map", layer.link.name), &[shape], vec![]);
        self.flat = false;
    }

    /// Adds a Resize that repeats rows and columns.
    fn upsample(&mut self, name: &str, factor: f32) {
        let scales = [1.0, 1.0, factor, factor];
        let constant = format!("{name}/scales");
        let scales = self.graph.constant(&constant, &[4], Values::Float(&scales));
        let attributes = vec![
            text("mode", "nearest"),
            text("coordinate_transformation_mode", "asymmetric"),
            text("nearest_mode", "floor"),
        ];
        self.then("Resize", &format!("{name}/upsample"), &[String::new(), scales], attributes);
    }

    /// Adds a BatchNormalization.
    fn norm(&mut self, layer: &Layer<'a>, (index, is_label): (usize, bool)) -> Result<()> {
        let Some((name, norm)) = layer.link.norm else { return Ok(()) };
        let moments = self.moments.get(self.normed.len());
        let input = self.current.clone();
        self.normed.push(Normed { name, norm, input, layer: index, is_label });
        let map = layer.link.map.filter(|_| self.flat);
        let mut vector = |tensor: Option<&Tensor>, role: &str, missing: f32| match tensor {
            Some(tensor) => self.floats(tensor, &[norm.channels], map),
            None => {
                let values = vec![missing; norm.channels];
                let name = format!("{name}/{role}");
                Ok(self.graph.constant(&name, &[norm.channels], Values::Float(&values)))
            }
        };
        let mut inputs = [
            vector(norm.gamma, "scale", 1.0)?,
            vector(norm.beta, "bias", 0.0)?,
            vector(Some(norm.mean), "mean", 0.0)?,
            vector(Some(norm.variance), "variance", 1.0)?,
        ];
        if let Some(moments) = moments {
            for (at, role) in ["mean", "variance"].into_iter().enumerate() {
                let values: Vec<f32> = moments.iter().map(|moments| moments[at]).collect();
                let name = format!("{name}/measured {role}");
                inputs[2 + at] =
                    self.graph.constant(&name, &[values.len()], Values::Float(&values));
            }
        }
        let attributes = vec![float("epsilon", layer.epsilon.value)];
        self.then("BatchNormalization", name, &inputs, attributes);
        Ok(())
    }

    /// Adds a PReLU, as a LeakyRelu if it has one slope.
    fn slope(&mut self, layer: &Layer, slope: &Tensor) -> Result<()> {
        let name = format!("{}/slope", layer.link.name);
        if slope.shape == [1] {
            let alpha = slope.values()?[0];
            self.then("LeakyRelu", &name, &[], vec![float("alpha", alpha)]);
            return Ok(());
        }
        let len = slope.shape[0];
        let map = layer.link.map.filter(|_| self.flat);
        let shape = if self.flat { &[len][..] } else { &[len, 1, 1] };
        let slopes = self.floats(slope, shape, map)?;
        self.then("PRelu", &name, &[slopes], vec![]);
        Ok(())
    }

    /// Adds an activation.
    fn activation(&mut self, layer: &Layer) {
        let (operator, attributes) = match layer.activation.value {
            Activation::None => return,
            Activation::Relu => ("Relu", vec![]),
            Activation::Leaky(slope) => ("LeakyRelu", vec![float("alpha", slope)]),
            Activation::Tanh => ("Tanh", vec![]),
            Activation::Sigmoid => ("Sigmoid", vec![]),
        };
        self.then(operator, &format!("{}/{operator}", layer.link.name), &[], attributes);
    }

    /// A constant of shape `shape` with the numbers of `tensor`. If `map` is given, the first axis is features that
    /// become that map: they are put into ONNX's order, channels first.
    fn floats(
        &mut self,
        tensor: &Tensor,
        shape: &[usize],
        map: Option<[usize; 3]>,
    ) -> Result<String> {
        let mut values = tensor.values()?;
        if let Some([channels, height, width]) = map.filter(|_| self.channels_last) {
            let row = values.len() / (channels * height * width).max(1);
            let area = height * width;
            let from = (0..channels).flat_map(|c| (0..area).map(move |at| at * channels + c));
            values = from.flat_map(|feature| values[feature * row..][..row].to_vec()).collect();
        }
        Ok(self.graph.constant(&tensor.name, shape, Values::Float(&values)))
    }

    /// Adds a node that reads the newest tensor and the tensors `more`.
    fn then(
        &mut self,
        operator: &str,
        name: &str,
        more: &[String],
        attributes: Vec<AttributeProto>,
    ) {
        let mut inputs = vec![self.current.as_str()];
        inputs.extend(more.iter().map(String::as_str));
        self.current = self.graph.node(operator, name, &inputs, attributes);
    }
}
