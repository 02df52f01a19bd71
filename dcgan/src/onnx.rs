//! Writes the trained networks as plain ONNX files: opset 17, dynamic batch size.

use burn::module::Param;
use burn::nn::BatchNorm;
use burn::tensor::Tensor;
use export::latent;
use export::onnx::graph::{Graph, Values, float, geometry, int, ints, tensor};
use export::onnx::metadata;
use gen_core::latent::Distribution;
use prost::Message;
use tract_onnx::pb::ValueInfoProto;

use crate::data::Attribute;
use crate::discriminator::{Discriminator, SLOPE};
use crate::generator::Generator;
use crate::judge::Classifier;
use crate::minibatch::{KERNELS, Minibatch, NUMBERS};
use crate::network::{Layer, Network};
use crate::values::values;

/// Metadata written into an ONNX file.
#[derive(Clone, Debug)]
pub struct About {
    /// Name of the data.
    pub data: String,
    /// Licence of the data.
    pub licence: Option<String>,
    /// Steps of the training.
    pub steps: u64,
    /// Seed of the training.
    pub seed: u64,
    /// What a conditional network draws by: [`Attribute::listed`].
    pub condition: Option<String>,
}

/// Encodes the generator. Input `z`: `[n, latent, 1, 1]`; if it is conditional, also `label`, `[n, classes, 1, 1]`,
/// one-hot; output `image`: `[n, channels, size, size]` in [−1, 1].
pub fn generator(generator: &Generator, network: &Network, about: &About) -> Vec<u8> {
    let mut graph = Graph::default();
    let mut inputs = vec![tensor("z", &[network.latent as i64, 1, 1])];
    let mut distributions = vec![latent::name(Distribution::Normal)];
    let mut x = "z".to_owned();
    if network.classes > 0 {
        inputs.push(tensor("label", &[network.classes as i64, 1, 1]));
        distributions.push(latent::name(Distribution::OneHot));
        graph.prefix = "latent".to_owned();
        x = graph.node("Concat", "concat", &["z", "label"], vec![int("axis", 1)]);
    }
    for (index, (layer, shape)) in generator.layers.iter().zip(network.generator()).enumerate() {
        graph.prefix = format!("layer{index}");
        let conv = &layer.conv;
        let y = convolution(&mut graph, "ConvTranspose", &shape, &conv.weight, &conv.bias, &x);
        x = match &layer.norm {
            Some(norm) => {
                let y = batch_norm(&mut graph, norm, &y);
                graph.node("Relu", "relu", &[&y], vec![])
            }
            None => graph.node("Tanh", "tanh", &[&y], vec![]),
        };
    }
    let image = [network.channels, network.size, network.size].map(|n| n as i64);
    let latents = (metadata::LATENTS, distributions.join(", "));
    let more = [latents].into_iter().chain(condition(about));
    finish(graph, "generator", inputs, tensor("image", &image), about, more)
}

/// Encodes the discriminator. Input `image`: `[n, channels, size, size]` in [−1, 1]; if it is conditional, also `label`,
/// `[n, classes]`, one-hot; output `real`: `[n, 1]`, the probability that a picture is real.
pub fn discriminator(discriminator: &Discriminator, network: &Network, about: &About) -> Vec<u8> {
    let mut graph = Graph::default();
    let mut x = "image".to_owned();
    let mut features = x.clone();
    let last = discriminator.layers.len() - 1;
    let shapes = network.discriminator();
    for (index, (layer, shape)) in discriminator.layers.iter().zip(shapes).enumerate() {
        graph.prefix = format!("layer{index}");
        let conv = &layer.conv;
        let mut y = convolution(&mut graph, "Conv", &shape, &conv.weight, &conv.bias, &x);
        if let Some(norm) = &layer.norm {
            y = batch_norm(&mut graph, norm, &y);
        }
        if index != last {
            y = graph.node("LeakyRelu", "leaky_relu", &[&y], vec![float("alpha", SLOPE as f32)]);
            features = y.clone();
        }
        x = y;
    }
    graph.prefix = "verdict".to_owned();
    x = graph.node("Flatten", "logit", &[&x], vec![int("axis", 1)]);
    let image = [network.channels, network.size, network.size].map(|n| n as i64);
    let mut inputs = vec![tensor("image", &image)];
    if network.classes > 0 {
        inputs.push(tensor("label", &[network.classes as i64]));
        x = by_label(&mut graph, network.classes, &x);
    }
    if let Some(minibatch) = &discriminator.minibatch {
        let likeness = compare(&mut graph, minibatch, &features);
        x = graph.node("Add", "sum", &[&x, &likeness], vec![]);
    }
    graph.node("Sigmoid", "sigmoid", &[&x], vec![]);
    finish(graph, "discriminator", inputs, tensor("real", &[1]), about, condition(about))
}

/// What a conditional network draws by, as metadata.
fn condition(about: &About) -> Option<(&'static str, String)> {
    Some(("condition", about.condition.clone()?))
}

/// Adds logit 0 + Σ label · logits 1, 2, …; returns the output's name.
fn by_label(graph: &mut Graph, classes: usize, logits: &str) -> String {
    let axis = || vec![int("axis", 1)];
    let others: Vec<i64> = (1..=classes as i64).collect();
    let first = graph.constant("first", &[1], Values::Int64(&[0]));
    let others = graph.constant("others", &[classes], Values::Int64(&others));
    let over = graph.constant("over", &[1], Values::Int64(&[1]));
    let first = graph.node("Gather", "of_all", &[logits, &first], axis());
    let others = graph.node("Gather", "of_labels", &[logits, &others], axis());
    let chosen = graph.node("Mul", "chosen", &[&others, "label"], vec![]);
    let chosen = graph.node("ReduceSum", "of_label", &[&chosen, &over], vec![int("keepdims", 1)]);
    graph.node("Add", "by_label", &[&first, &chosen], vec![])
}

/// Encodes a classifier of `attributes`, of pictures of `[channels, size]`. Input `image`: `[n, channels, size, size]` in
/// [−1, 1]; output `logits`: `[n, classes]`, those of all attributes one after the other, as the metadata lists them.
pub fn classifier(
    classifier: &Classifier,
    attributes: &[Attribute],
    [channels, size]: [usize; 2],
    about: &About,
) -> Vec<u8> {
    let mut graph = Graph::default();
    let mut x = "image".to_owned();
    for (index, (conv, is_rectified)) in classifier.layers().enumerate() {
        graph.prefix = format!("layer{index}");
        x = convolution(&mut graph, "Conv", &Layer::of(conv), &conv.weight, &conv.bias, &x);
        if is_rectified {
            x = graph.node("Relu", "relu", &[&x], vec![]);
        }
    }
    graph.prefix = "verdict".to_owned();
    graph.node("Flatten", "logits", &[&x], vec![int("axis", 1)]);
    let classes = attributes.iter().map(|it| it.classes.len()).sum::<usize>() as i64;
    let listed: Vec<String> = attributes.iter().map(Attribute::listed).collect();
    let image = tensor("image", &[channels, size, size].map(|n| n as i64));
    let more = [("attributes", listed.join("; "))];
    finish(graph, "classifier", vec![image], tensor("logits", &[classes]), about, more)
}

/// Adds the nodes that compute [`Minibatch::forward`]; returns the output's name.
fn compare(graph: &mut Graph, minibatch: &Minibatch, features: &str) -> String {
    graph.prefix = "minibatch".to_owned();
    let compared = constant(graph, "compared", minibatch.compared.val());
    let weights = constant(graph, "weights", minibatch.weights.val());
    let [kernels, numbers] = [KERNELS, NUMBERS].map(|n| n as i64);
    let shape = |graph: &mut Graph, name: &str, dims: &[i64]| {
        graph.constant(name, &[dims.len()], Values::Int64(dims))
    };
    let one = shape(graph, "one_shape", &[-1, 1, kernels, numbers]);
    let other = shape(graph, "other_shape", &[1, -1, kernels, numbers]);
    let within = shape(graph, "within", &[3]);
    let among = shape(graph, "among", &[1]);
    let rows = shape(graph, "rows", &[-1, kernels]);
    let itself = graph.constant("itself", &[], Values::Float(&[1.0]));

    let flat = graph.node("Flatten", "features", &[features], vec![int("axis", 1)]);
    let m = graph.node("MatMul", "numbers", &[&flat, &compared], vec![]);
    let one = graph.node("Reshape", "one", &[&m, &one], vec![]);
    let other = graph.node("Reshape", "other", &[&m, &other], vec![]);
    let distance = graph.node("Sub", "difference", &[&one, &other], vec![]);
    let distance = graph.node("Abs", "absolute", &[&distance], vec![]);
    let keep = || vec![int("keepdims", 1)];
    let distance = graph.node("ReduceSum", "distance", &[&distance, &within], keep());
    let distance = graph.node("Neg", "negative", &[&distance], vec![]);
    let likeness = graph.node("Exp", "likeness", &[&distance], vec![]);
    let likeness = graph.node("ReduceSum", "likeness_sum", &[&likeness, &among], keep());
    let likeness = graph.node("Reshape", "likeness_rows", &[&likeness, &rows], vec![]);
    let likeness = graph.node("Sub", "likeness_to_others", &[&likeness, &itself], vec![]);
    graph.node("MatMul", "weighted", &[&likeness, &weights], vec![])
}

fn convolution(
    graph: &mut Graph,
    operator: &str,
    layer: &Layer,
    weight: &Param<Tensor<4>>,
    bias: &Option<Param<Tensor<1>>>,
    x: &str,
) -> String {
    let mut attributes = geometry(layer.stride, [layer.padding; 4], layer.output_padding);
    attributes.push(ints("kernel_shape", &[layer.kernel, layer.kernel]));
    let weight = constant(graph, "weight", weight.val());
    let bias = bias.as_ref().map(|bias| constant(graph, "bias", bias.val()));
    let inputs: Vec<&str> = [x, &weight].into_iter().chain(bias.as_deref()).collect();
    graph.node(operator, "conv", &inputs, attributes)
}

fn batch_norm(graph: &mut Graph, norm: &BatchNorm, x: &str) -> String {
    let gamma = constant(graph, "norm.scale", norm.gamma.val());
    let beta = constant(graph, "norm.bias", norm.beta.val());
    let mean = constant(graph, "norm.mean", norm.running_mean.value());
    let var = constant(graph, "norm.var", norm.running_var.value());
    let attributes = vec![float("epsilon", norm.epsilon as f32)];
    graph.node("BatchNormalization", "norm", &[x, &gamma, &beta, &mean, &var], attributes)
}

fn constant<const D: usize>(graph: &mut Graph, name: &str, tensor: Tensor<D>) -> String {
    let dims = tensor.dims();
    graph.constant(name, &dims, Values::Float(&values(tensor)))
}

fn finish(
    mut graph: Graph,
    name: &str,
    inputs: Vec<ValueInfoProto>,
    output: ValueInfoProto,
    about: &About,
    more: impl IntoIterator<Item = (&'static str, String)>,
) -> Vec<u8> {
    if let Some(last) = graph.nodes.last_mut() {
        last.output = vec![output.name.clone()];
    }
    let mut metadata = vec![
        ("data", about.data.clone()),
        ("steps", about.steps.to_string()),
        ("seed", about.seed.to_string()),
    ];
    metadata.extend(about.licence.clone().map(|licence| ("licence", licence)));
    metadata.extend(more);
    graph.model(name, inputs, output, metadata).encode_to_vec()
}
