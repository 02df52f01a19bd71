//! Writes an architecture as an ONNX graph.

use crate::checkpoint::architecture::{Architecture, Layer};
use crate::checkpoint::settings::{Activation, Direction};
use crate::checkpoint::tensor::Tensor;
use crate::onnx::graph::{Graph, Values, float, geometry, int, tensor, text};
use anyhow::Result;
use tract_onnx::pb::{AttributeProto, ModelProto};

/// The ONNX of `architecture`, of latents `[batch, z]` where it begins with a dense layer and
/// `[batch, z, 1, 1]` otherwise; pictures are `[batch, channels, height, width]`.
pub(super) fn model(architecture: &Architecture) -> Result<ModelProto> {
    let (first, last) = (architecture.layers.first(), architecture.layers.last());
    let mut chain = Emitter {
        graph: Graph::default(),
        current: "z".to_owned(),
        flat: first.is_none_or(|layer| layer.geometry.is_none()),
        channels_last: architecture.channels_last,
    };
    let latents = first.map_or(0, |layer| layer.input[0]) as i64;
    let shape = [latents, 1, 1];
    let input = tensor("z", if chain.flat { &shape[..1] } else { &shape });
    for layer in &architecture.layers {
        chain.layer(layer)?;
    }
    let picture = last.map_or([0; 3], |layer| layer.output).map(|side| side as i64);
    let output = tensor(&chain.current, &picture);
    Ok(chain.graph.model("generator", vec![input], output, vec![]))
}

/// A graph while layers are added at its end.
struct Emitter {
    graph: Graph,
    /// The newest tensor.
    current: String,
    /// Whether that is `[batch, features]`, not a map.
    flat: bool,
    /// Whether features are in Keras' order: height, width, channels.
    channels_last: bool,
}

impl Emitter {
    /// Adds a layer: linear module, BatchNorm, PReLU or activation.
    fn layer(&mut self, layer: &Layer) -> Result<()> {
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
                (operator, geometry(it.stride.value, pads, it.output_padding.value))
            }
        };
        let mut inputs = Vec::new();
        for tensor in [Some(link.weight), link.bias].into_iter().flatten() {
            inputs.push(self.floats(tensor, &tensor.shape, link.map)?);
        }
        self.then(operator, link.name, &inputs, attributes);
        let features = (self.flat && link.map.is_some()).then_some(link.channels_out);
        if features.is_some_and(|features| link.norm.is_none_or(|(_, n)| n.channels != features)) {
            self.reshape(layer);
        }
        self.norm(layer)?;
        if let Some(slope) = link.slope {
            let per_feature = slope.shape == [link.channels_out] && self.flat;
            if !per_feature {
                self.reshape(layer);
            }
            self.slope(layer, slope)?;
        }
        self.reshape(layer);
        self.activation(layer);
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
    fn norm(&mut self, layer: &Layer) -> Result<()> {
        let Some((name, norm)) = layer.link.norm else { return Ok(()) };
        let map = layer.link.map.filter(|_| self.flat);
        let mut vector = |tensor: Option<&Tensor>, role: &str, missing: f32| match tensor {
            Some(tensor) => self.floats(tensor, &[norm.channels], map),
            None => {
                let values = vec![missing; norm.channels];
                let name = format!("{name}/{role}");
                Ok(self.graph.constant(&name, &[norm.channels], Values::Float(&values)))
            }
        };
        let inputs = [
            vector(norm.gamma, "scale", 1.0)?,
            vector(norm.beta, "bias", 0.0)?,
            vector(Some(norm.mean), "mean", 0.0)?,
            vector(Some(norm.variance), "variance", 1.0)?,
        ];
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
