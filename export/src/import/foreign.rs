//! Graphs that another tool has already changed for its own purpose: quantised ones, and those of ONNX Runtime.

use tract_onnx::pb::{GraphProto, NodeProto};

/// Why `graph` is refused as a whole; `None` if it is a float network in ONNX's own operators.
pub(crate) fn refusal(graph: &GraphProto) -> Option<String> {
    let named = |node: &NodeProto| format!("{} in node \"{}\"", node.op_type, node.name);
    if let Some(node) = graph.node.iter().find(|node| is_quantised(node)) {
        return Some(format!(
            "already quantised ({}): give the float ONNX that it was made from",
            named(node)
        ));
    }
    let node = graph.node.iter().find(|node| node.domain.starts_with("com.microsoft"))?;
    Some(format!(
        "optimised by ONNX Runtime for one kind of machine ({}, of {}): give the ONNX that it was made from",
        named(node),
        node.domain
    ))
}

/// Whether `node` computes with quantised numbers.
fn is_quantised(node: &NodeProto) -> bool {
    let operator = node.op_type.as_str();
    let own = ["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "ConvInteger"];
    own.contains(&operator)
        || operator == "MatMulInteger"
        || operator.starts_with("QLinear")
        || node.domain == "com.microsoft" && operator.starts_with('Q') && operator != "QuickGelu"
}
