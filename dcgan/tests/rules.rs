//! Each guideline is broken once, in networks that otherwise follow all of them.

use std::path::Path;

use dcgan::discriminator::Discriminator;
use dcgan::generator::Generator;
use dcgan::init::Weights;
use dcgan::network::Network;
use dcgan::onnx::{self, About};
use dcgan::random::Purpose;
use dcgan::rules;
use export::onnx::graph::{float, ints};
use export::onnx::source::Source;
use tract_onnx::pb::NodeProto;

/// The nodes of a generator if `is_generator`, else of a discriminator.
fn network(is_generator: bool) -> Source {
    let network = Network {
        size: 32,
        channels: 1,
        latent: 4,
        classes: 0,
        width: 2,
        discriminator_width: 2,
        discriminator_norm: true,
        kernel: 4,
    };
    let device = dcgan::device::device();
    let mut weights = Weights::new(1, Purpose::Generator, &device);
    let about = About { data: "none".into(), licence: None, steps: 0, seed: 1, condition: None };
    let file = if is_generator {
        onnx::generator(&Generator::new(&network, &mut weights), &network, &about)
    } else {
        onnx::discriminator(&Discriminator::new(&network, false, &mut weights), &network, &about)
    };
    Source::decode(Path::new("network.onnx"), &file).unwrap()
}

/// The rules that a network changed by `change` breaks, each with its message.
fn broken(is_generator: bool, change: impl Fn(&mut Vec<NodeProto>)) -> Vec<(String, String)> {
    let mut source = network(is_generator);
    change(&mut source.proto.graph.as_mut().unwrap().node);
    let (_, findings) = rules::check(&source).unwrap();
    let broken = findings.into_iter().filter(|finding| !finding.broken.is_empty());
    broken.map(|finding| (finding.rule.to_owned(), finding.broken.join(", "))).collect()
}

fn at(nodes: &[NodeProto], name: &str) -> usize {
    nodes.iter().position(|node| node.name == name).unwrap()
}

fn node(operator: &str) -> NodeProto {
    let output = vec!["tensor".to_owned()];
    NodeProto { op_type: operator.to_owned(), output, ..NodeProto::default() }
}

#[track_caller]
fn assert_broken(found: &[(String, String)], rule: &str, said: &str) {
    let [(found_rule, found_said)] = found else { panic!("{found:?}") };
    assert!(found_rule.starts_with(rule) && found_said == said, "{found:?}");
}

#[test]
fn generators() {
    let check = |change: &dyn Fn(&mut Vec<NodeProto>), rule: &str, said: &str| {
        assert_broken(&broken(true, change), rule, said);
    };
    assert_eq!(broken(true, |_| ()), []);
    let resize = |nodes: &mut Vec<NodeProto>| nodes.insert(3, node("Resize"));
    check(&resize, "fractionally-strided", "Resize \"tensor\"");
    let unstrided = |nodes: &mut Vec<NodeProto>| {
        for attribute in nodes.iter_mut().flat_map(|node| &mut node.attribute) {
            if attribute.name == "strides" {
                *attribute = ints("strides", &[1, 1]);
            }
        }
    };
    check(&unstrided, "fractionally-strided", "no ConvTranspose has a stride");
    let without = |nodes: &mut Vec<NodeProto>| drop(nodes.remove(at(nodes, "layer1/norm")));
    check(&without, "BatchNorm", "ConvTranspose \"layer1/conv\" has none");
    let folded =
        |nodes: &mut Vec<NodeProto>| nodes.retain(|node| node.op_type != "BatchNormalization");
    check(&folded, "BatchNorm", "there is none, or it was folded into the weights");
    let on_output = |nodes: &mut Vec<NodeProto>| {
        nodes.insert(at(nodes, "layer3/tanh"), node("BatchNormalization"))
    };
    check(&on_output, "BatchNorm", "ConvTranspose \"layer3/conv\" has one");
    let leaky = |nodes: &mut Vec<NodeProto>| {
        let relu = at(nodes, "layer0/relu");
        nodes[relu].op_type = "LeakyRelu".to_owned();
    };
    check(&leaky, "ReLU", "LeakyRelu \"layer0/relu\"");
    let softsign = |nodes: &mut Vec<NodeProto>| {
        let relu = at(nodes, "layer0/relu");
        nodes[relu].op_type = "Softsign".to_owned();
    };
    check(&softsign, "ReLU", "Softsign \"layer0/relu\"");
    let sigmoid = |nodes: &mut Vec<NodeProto>| {
        let tanh = at(nodes, "layer3/tanh");
        nodes[tanh].op_type = "Sigmoid".to_owned();
    };
    check(&sigmoid, "Tanh", "Sigmoid \"layer3/tanh\"");
    let linear = |nodes: &mut Vec<NodeProto>| drop(nodes.pop());
    check(&linear, "Tanh", "ConvTranspose \"layer3/conv\" has none");
    // The projection may be dense, a later layer may not.
    let projected = |nodes: &mut Vec<NodeProto>| nodes[0].op_type = "Gemm".to_owned();
    assert_eq!(broken(true, projected), []);
    let dense = |nodes: &mut Vec<NodeProto>| {
        let second = at(nodes, "layer1/conv");
        nodes[second].op_type = "Gemm".to_owned();
    };
    check(&dense, "no fully connected", "Gemm \"layer1/conv\"");
}

#[test]
fn discriminators() {
    let check = |change: &dyn Fn(&mut Vec<NodeProto>), rule: &str, said: &str| {
        assert_broken(&broken(false, change), rule, said);
    };
    assert_eq!(broken(false, |_| ()), []);
    let pool = |nodes: &mut Vec<NodeProto>| nodes.insert(2, node("MaxPool"));
    check(&pool, "strided", "MaxPool \"tensor\"");
    let on_input = |nodes: &mut Vec<NodeProto>| nodes.insert(0, node("BatchNormalization"));
    check(&on_input, "BatchNorm", "BatchNormalization \"tensor\"");
    let behind_first = |nodes: &mut Vec<NodeProto>| nodes.insert(1, node("BatchNormalization"));
    check(&behind_first, "BatchNorm", "Conv \"layer0/conv\" has one");
    let steep = |nodes: &mut Vec<NodeProto>| {
        let second = at(nodes, "layer1/leaky_relu");
        nodes[second].attribute = vec![float("alpha", 0.3)];
    };
    check(&steep, "LeakyReLU", "LeakyRelu \"layer1/leaky_relu\"");
    let none = |nodes: &mut Vec<NodeProto>| drop(nodes.remove(at(nodes, "layer2/leaky_relu")));
    check(&none, "LeakyReLU", "Conv \"layer2/conv\" has none");
    let dense = |nodes: &mut Vec<NodeProto>| {
        let second = at(nodes, "layer1/conv");
        nodes[second].op_type = "MatMul".to_owned();
    };
    check(&dense, "no fully connected", "MatMul \"layer1/conv\"");
}
