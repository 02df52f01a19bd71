//! Checks an ONNX network against the paper's architecture guidelines (arXiv 1511.06434, section 3).

use anyhow::{Context, Result, bail};
use export::onnx::source::Source;
use tract_onnx::pb::NodeProto;

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
/// If the network has no layers, or is neither generator nor discriminator.
pub fn check(source: &Source) -> Result<(Role, Vec<Finding>)> {
    let graph = source.proto.graph.as_ref().context("no graph")?;
    let layers = layers(&graph.node);
    let before = || graph.node.iter().take_while(|node| !is_layer(node));
    let on_input: Vec<String> = before().filter(|node| is_batch_norm(node)).map(named).collect();
    let path = source.path.display();
    let Some(last) = layers.last() else {
        bail!("{path}: has no convolution or dense layer");
    };
    let has = |operator: &str| layers.iter().any(|layer| layer.node.op_type == operator);
    let role = match (has("ConvTranspose"), has("Conv")) {
        (true, _) => Role::Generator,
        // A generator may also upsample by Resize and end in a plain convolution.
        (false, true) if graph.node.iter().any(enlarges) => Role::Generator,
        (false, true) => Role::Discriminator,
        (false, false) => bail!("{path}: has no convolution: neither generator nor discriminator"),
    };
    let last = last.node;
    let findings = match role {
        Role::Generator => vec![
            scaling(
                &graph.node,
                &layers,
                "ConvTranspose",
                "fractionally-strided convolutions, \
                no pooling and no other resizing",
            ),
            batch_norm(&layers, vec![], "BatchNorm behind every layer but the output", |node| {
                !std::ptr::eq(node, last)
            }),
            // The first layer is the paper's projection of the latent, which may be dense.
            dense(&layers[1..]),
            activation(&layers[..layers.len() - 1], "ReLU in all layers but the output", |node| {
                node.op_type == "Relu"
            }),
            activation(&layers[layers.len() - 1..], "Tanh on the output", |node| {
                node.op_type == "Tanh"
            }),
        ],
        Role::Discriminator => {
            let first = layers[0].node;
            vec![
                scaling(&graph.node, &layers, "Conv", "strided convolutions, no pooling"),
                batch_norm(
                    &layers,
                    on_input,
                    "BatchNorm behind every layer but the first and the output",
                    |node| !std::ptr::eq(node, last) && !std::ptr::eq(node, first),
                ),
                dense(&layers[..layers.len() - 1]),
                activation(
                    &layers[..layers.len() - 1],
                    "LeakyReLU of slope 0.2 in all layers but the output",
                    |node| node.op_type == "LeakyRelu" && (slope(node) - 0.2).abs() < 1e-6,
                ),
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
    let strides = |node: &NodeProto| {
        let attribute = node.attribute.iter().find(|attribute| attribute.name == "strides");
        attribute.is_some_and(|attribute| attribute.ints.iter().any(|&stride| stride > 1))
    };
    if !layers.iter().any(|layer| layer.node.op_type == operator && strides(layer.node)) {
        broken.push(format!("no {operator} has a stride"));
    }
    Finding { rule, broken }
}

/// Checks that BatchNorm follows exactly the layers for which it is `due`. `broken`: the BatchNorms before
/// the first layer, which break the rule as well.
fn batch_norm(
    layers: &[Layer],
    mut broken: Vec<String>,
    rule: &'static str,
    due: impl Fn(&NodeProto) -> bool,
) -> Finding {
    let has = |layer: &Layer| layer.after.iter().any(|node| is_batch_norm(node));
    if !layers.iter().any(has) {
        broken.push("there is none, or it was folded into the weights".to_owned());
        return Finding { rule, broken };
    }
    let wrong = layers.iter().filter(|layer| has(layer) != due(layer.node));
    let said = |layer: &Layer| {
        let what = if has(layer) { "has one" } else { "has none" };
        format!("{} {what}", named(layer.node))
    };
    broken.extend(wrong.map(said));
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
        let mut activations = layer.after.iter().filter(|node| {
            matches!(
                &*node.op_type,
                "Relu"
                    | "LeakyRelu"
                    | "PRelu"
                    | "Elu"
                    | "Selu"
                    | "Celu"
                    | "Gelu"
                    | "Tanh"
                    | "Sigmoid"
                    | "HardSigmoid"
                    | "HardSwish"
                    | "Softplus"
                    | "Mish"
                    | "Clip"
            )
        });
        match activations.find(|node| !right(node)) {
            Some(wrong) => Some(named(wrong)),
            None if layer.after.iter().any(|node| right(node)) => None,
            None => Some(format!("{} has none", named(layer.node))),
        }
    });
    Finding { rule, broken: broken.collect() }
}

fn slope(node: &NodeProto) -> f32 {
    let alpha = node.attribute.iter().find(|attribute| attribute.name == "alpha");
    // Default of ONNX.
    alpha.map_or(0.01, |alpha| alpha.f)
}

fn named(node: &NodeProto) -> String {
    // Some exporters name only tensors, not nodes.
    let name = if node.name.is_empty() { node.output.join(" ") } else { node.name.clone() };
    format!("{} \"{name}\"", node.op_type)
}
