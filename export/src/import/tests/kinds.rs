//! Files of another kind, and networks that need more than their latent.

use super::refused;
use crate::onnx::graph::ints;
use crate::sketch::start;
use tract_onnx::pb::NodeProto;

/// A file that another tool has changed, or a network that needs more than its latent, is refused in one sentence.
#[test]
fn files_of_another_kind_are_refused_in_one_sentence() {
    let mut quantised = start().plain("Relu").plain("Relu");
    quantised.graph.nodes[1].op_type = "QuantizeLinear".to_owned();
    quantised.graph.nodes[2].op_type = "DequantizeLinear".to_owned();
    refused(
        quantised.finish(),
        "already quantised (QuantizeLinear in node \"net/Relu4\"): give the float",
    );
    let mut foreign = start().plain("Relu");
    foreign.graph.nodes[1].domain = "com.microsoft".to_owned();
    foreign.graph.nodes[1].op_type = "FusedConv".to_owned();
    refused(
        foreign.finish(),
        "optimised by ONNX Runtime for one kind of machine (FusedConv in node",
    );
    let mut other = start().plain("Relu");
    other.graph.nodes[1].domain = "pkg".to_owned();
    refused(other.finish(), "domain pkg is not supported");

    let mean = |axes: &[usize]| start().then("ReduceMean", &[], vec![ints("axes", axes)]).finish();
    refused(mean(&[0, 2, 3]), "statistics of the batch, as BatchNorm does without stored ones");
    refused(mean(&[1]), "each pixel by its own channels (PixelNorm)");
    refused(mean(&[2, 3]), "statistics of the whole map");
    refused(start().plain("RandomNormalLike").finish(), "draws random numbers, so that a latent");
    let mut noise = start();
    noise.graph.nodes.push(NodeProto {
        op_type: "RandomUniform".to_owned(),
        name: "noise".to_owned(),
        output: vec!["noise".to_owned()],
        ..Default::default()
    });
    let noise = noise.then("Add", &["noise"], vec![]).finish();
    refused(noise, "node \"noise\" (RandomUniform): draws random numbers");
    let twice = start().plain("InstanceNormalization").plain("Relu").plain("InstanceNormalization");
    refused(twice.finish(), "train with BatchNormalization (and 1 more of its nodes)");
}
