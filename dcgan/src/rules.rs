//! Checks an ONNX network against the paper's architecture guidelines (arXiv 1511.06434, section 3).

use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use export::import::is_activation;
use export::onnx::source::Source;
use tract_onnx::pb::{AttributeProto, NodeProto};

/// Which of the two networks a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Turns latents into pictures.
    Generator,
    /// Turns pictures into a probability.
    Discriminator,
}

/// A guideline and whether the network follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The guideline.
    pub rule: &'static str,
    /// The nodes that break it, or what is missing; empty if the network follows it.
    pub broken: Vec<String>,
}

/// A layer with weights, and the nodes between it and the next layer.
struct Layer<'a> {
    node: &'a NodeProto,
    after: Vec<&'a NodeProto>,
}

/// Determines the role of the network in `source` and checks every guideline for that role.
///
/// # Errors
///
/// If the network has no layers, or is neither generator nor discriminator.
pub fn check(source: &Source) -> Result<(Role, Vec<Finding>)> {
    let nodes = &source.proto.graph.as_ref().context("no graph")?.node;
    let layers = layers(nodes);
    let path = source.path.display();
    ensure!(!layers.is_empty(), "{path}: has no convolution or dense layer");
    let has = |operator: &str| layers.iter().any(|layer| layer.node.op_type == operator);
    let role = match (has("ConvTranspose"), has("Conv")) {
        (true, _) => Role::Generator,
        // A generator may also upsample by Resize and end in a plain convolution.
        (false, true) if nodes.iter().any(enlarges) => Role::Generator,
        (false, true) => Role::Discriminator,
        (false, false) => bail!("{path}: has no convolution: neither generator nor discriminator"),
    };
    let last = layers.len() - 1;
    let (hidden, output) = layers.split_at(last);
    let leaky = |node: &NodeProto| node.op_type == "LeakyRelu" && (slope(node) - 0.2).abs() < 1e-6;
    let findings = match role {
        Role::Generator => vec![
            scaling(
                nodes,
                &layers,
                "ConvTranspose",
                "fractionally-strided convolutions, no pooling and no other resizing",
            ),
            batch_norm(&layers, 0..last, vec![], "BatchNorm behind every layer but the output"),
            // The first layer is the paper's projection of the latent, which may be dense.
            dense(&layers[1..]),
            activation(hidden, "ReLU in all layers but the output", |node| node.op_type == "Relu"),
            activation(output, "Tanh on the output", |node| node.op_type == "Tanh"),
        ],
        Role::Discriminator => {
            let before = nodes.iter().take_while(|node| !is_layer(node));
            let on_input = before.filter(|node| is_batch_norm(node)).map(named).collect();
            let norm = "BatchNorm behind every layer but the first and the output";
            vec![
                scaling(nodes, &layers, "Conv", "strided convolutions, no pooling"),
                batch_norm(&layers, 1..last, on_input, norm),
                dense(hidden),
                activation(hidden, "LeakyReLU of slope 0.2 in all layers but the output", leaky),
            ]
        }
    };
    Ok((role, findings))
}

fn layers(nodes: &[NodeProto]) -> Vec<Layer<'_>> {
    let mut layers: Vec<Layer> = Vec::new();
    for node in nodes {
        if is_layer(node) {
            layers.push(Layer { node, after: vec![] });
        } else if let Some(layer) = layers.last_mut() {
            layer.after.push(node);
        }
    }
    // Minibatch discrimination compares features by two matrix products and exp(−distance) between them.
    // These nodes are parallel to the last convolution, not after it.
    let compares = |layer: &Layer| layer.after.iter().any(|node| node.op_type == "Exp");
    if let [.., last, first, second] = &mut layers[..]
        && last.node.op_type == "Conv"
        && [&first.node.op_type, &second.node.op_type] == ["MatMul", "MatMul"]
        && compares(first)
    {
        last.after.append(&mut second.after);
        layers.truncate(layers.len() - 2);
    }
    layers
}

fn is_layer(node: &NodeProto) -> bool {
    matches!(&*node.op_type, "Conv" | "ConvTranspose" | "Gemm" | "MatMul")
}

fn is_batch_norm(node: &NodeProto) -> bool {
    node.op_type == "BatchNormalization"
}

fn enlarges(node: &NodeProto) -> bool {
    matches!(&*node.op_type, "Resize" | "Upsample" | "DepthToSpace" | "MaxUnpool")
}

/// Checks that only `operator` changes the size of maps, and that it does so at least once.
fn scaling(nodes: &[NodeProto], layers: &[Layer], operator: &str, rule: &'static str) -> Finding {
    let resizes = |node: &&NodeProto| node.op_type.contains("Pool") || enlarges(node);
    let mut broken: Vec<String> = nodes.iter().filter(resizes).map(named).collect();
    let has_stride = |layer: &Layer| {
        let strides = attribute(layer.node, "strides");
        layer.node.op_type == operator && strides.is_some_and(|it| it.ints.iter().any(|&n| n > 1))
    };
    if !layers.iter().any(has_stride) {
        broken.push(format!("no {operator} has a stride"));
    }
    Finding { rule, broken }
}

/// Checks that BatchNorm follows the layers whose index is `due`, and no others. `broken`: the BatchNorms
/// before the first layer, if they break the rule as well.
fn batch_norm(
    layers: &[Layer],
    due: Range<usize>,
    mut broken: Vec<String>,
    rule: &'static str,
) -> Finding {
    let has = |layer: &Layer| layer.after.iter().any(|node| is_batch_norm(node));
    if !layers.iter().any(has) {
        broken.push("there is none, or it was folded into the weights".to_owned());
    } else {
        for (index, layer) in layers.iter().enumerate() {
            match (has(layer), due.contains(&index)) {
                (true, false) => broken.push(format!("{} has one", named(layer.node))),
                (false, true) => broken.push(format!("{} has none", named(layer.node))),
                _ => {}
            }
        }
    }
    Finding { rule, broken }
}

fn dense(hidden: &[Layer]) -> Finding {
    let dense = hidden.iter().filter(|layer| matches!(&*layer.node.op_type, "Gemm" | "MatMul"));
    let broken = dense.map(|layer| named(layer.node)).collect();
    Finding { rule: "no fully connected hidden layers", broken }
}

/// Checks that each of `layers` is followed by an activation, and only by ones for which `right` is true.
fn activation(layers: &[Layer], rule: &'static str, right: impl Fn(&NodeProto) -> bool) -> Finding {
    let broken = layers.iter().filter_map(|layer| {
        let mut activations = layer.after.iter().filter(|node| is_activation(node));
        match activations.find(|node| !right(node)) {
            Some(wrong) => Some(named(wrong)),
            None if layer.after.iter().any(|node| right(node)) => None,
            None => Some(format!("{} has none", named(layer.node))),
        }
    });
    Finding { rule, broken: broken.collect() }
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

fn slope(node: &NodeProto) -> f32 {
    // Default of ONNX.
    attribute(node, "alpha").map_or(0.01, |alpha| alpha.f)
}

fn named(node: &NodeProto) -> String {
    // Some exporters name only tensors, not nodes.
    let name = if node.name.is_empty() { node.output.join(" ") } else { node.name.clone() };
    format!("{} \"{name}\"", node.op_type)
}
