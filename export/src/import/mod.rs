//! From an ONNX graph to a [`Network`]: the chain is walked node by node, and what can't be
//! converted is refused by name.

mod constants;
mod linear;
mod node;
mod reshape;
mod steps;
#[cfg(test)]
mod tests;

use crate::load::Source;
use crate::network::{Layer, Network, Operation, Step};
use crate::pixels::PixelRule;
use anyhow::{Context, Result, bail, ensure};
use constants::Constants;
use gen_core::format::DIMENSION_LIMIT;
use gen_core::model::MAX_LAYERS;
use node::Node;
use std::collections::HashMap;
use tract_onnx::pb::{
    GraphProto, ValueInfoProto, tensor_proto::DataType, tensor_shape_proto::dimension::Value,
    type_proto,
};

/// Reads the network of `source`.
///
/// # Errors
/// One line that names the file, the node, its operator and the attribute at fault.
pub fn import(source: &Source) -> Result<Network> {
    let graph = source.proto.graph.as_ref().context("the file holds no graph")?;
    ensure!(
        source.metadata(PixelRule::METADATA).is_none(),
        "{}: already quantised: take the .gen beside it, or the float ONNX",
        source.path.display()
    );
    walk(source, graph).with_context(|| source.path.display().to_string())
}

/// Most elements of a map, and most weights of a layer: far beyond any microcontroller, and little
/// enough for this computer's memory.
const ELEMENT_LIMIT: usize = 1 << 26;
/// Largest kernel side of a `.gen` file.
const KERNEL_LIMIT: usize = u8::MAX as usize;

/// Where the walk has come to.
struct Walk<'a> {
    constants: Constants<'a>,
    layers: Vec<Layer>,
    /// Channels, height, width of the tensor that the walk has come to.
    map: [usize; 3],
    /// Whether that tensor has rank 2, `[batch, features]`.
    flat: bool,
}

fn walk(source: &Source, graph: &GraphProto) -> Result<Network> {
    let constants = Constants::new(source, graph);
    let inputs: Vec<_> = graph.input.iter().filter(|i| !constants.contains(&i.name)).collect();
    let ([input], [output]) = (&inputs[..], &graph.output[..]) else {
        let (got, given) = (inputs.len(), graph.output.len());
        bail!("has {got} inputs and {given} outputs: a generator takes latents, gives pictures");
    };
    let input_shape = latent_shape(input)?;
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for name in graph.node.iter().flat_map(|node| &node.input) {
        *uses.entry(name).or_default() += 1;
    }

    let map = [input_shape[1], 1, 1];
    let mut walk = Walk { constants, layers: Vec::new(), map, flat: input_shape.len() == 2 };
    let mut current = input.name.as_str();
    for node in graph.node.iter().map(Node) {
        ensure!(
            matches!(node.0.domain.as_str(), "" | "ai.onnx"),
            node.refuse(format!("domain {} is not supported", node.0.domain))
        );
        if node.operator() == "Constant" {
            walk.constants.add(node)?;
            continue;
        }
        if node.operator() == "Identity" && walk.constants.alias(node) {
            continue;
        }
        let others = node.0.input.iter().filter(|name| name.as_str() == current).count();
        ensure!(
            others == 1 && uses.get(current) == Some(&1),
            node.refuse("the graph branches here: only a plain chain of layers can be converted")
        );
        walk.visit(node)?;
        current = node.0.output.first().map_or("", String::as_str);
        check_map(node, walk.map)?;
        if let Some(layer) = walk.layers.last_mut() {
            layer.tensor = current.to_owned();
        }
    }
    ensure!(current == output.name, "output \"{}\" is not the end of the chain", output.name);
    walk.finish(input, output, input_shape)
}

impl Walk<'_> {
    fn visit(&mut self, node: Node) -> Result<()> {
        match node.operator() {
            "Gemm" => self.gemm(node),
            "MatMul" => self.matmul(node),
            "ConvTranspose" => self.transposed(node),
            "Conv" => self.plain(node),
            "Add" => self.add(node),
            "BatchNormalization" => self.batch_normalization(node),
            "Relu" | "LeakyRelu" | "Tanh" | "Sigmoid" | "Clip" => self.function(node),
            "Reshape" => self.reshape(node),
            "Flatten" => self.flatten(node),
            "Squeeze" | "Unsqueeze" => self.squeeze(node),
            "Identity" => node.expect(1, &[]),
            "Dropout" => self.dropout(node),
            _ => Err(node.refuse(
                "this operator is not supported; supported are Gemm, MatMul, ConvTranspose, Conv, \
                 Add, BatchNormalization, Relu, LeakyRelu, Tanh, Sigmoid, Clip and reshapes",
            )),
        }
    }

    fn finish(
        self,
        input: &ValueInfoProto,
        output: &ValueInfoProto,
        input_shape: Vec<usize>,
    ) -> Result<Network> {
        let count = self.layers.len();
        ensure!((1..=MAX_LAYERS).contains(&count), "has {count} layers, possible: 1…{MAX_LAYERS}");
        let [channels, height, width] = self.map;
        ensure!(
            !self.flat && matches!(channels, 1 | 3),
            "output \"{}\" is {}: pictures are [batch, 1 or 3, height, width]",
            output.name,
            if self.flat {
                format!("[batch, {channels}]")
            } else {
                format!("[batch, {channels}, {height}, {width}]")
            }
        );
        let (input, output) = (input.clone(), output.clone());
        Ok(Network { input, output, input_shape, layers: self.layers })
    }

    /// Adds what `node` does behind the last layer.
    fn step(&mut self, node: Node, operation: Operation) -> Result<()> {
        let step = Step { node: node.name().to_owned(), operation };
        self.layer(node)?.steps.push(step);
        Ok(())
    }

    /// The layer that a step belongs to.
    fn layer(&mut self, node: Node) -> Result<&mut Layer> {
        self.layers.last_mut().ok_or_else(|| {
            node.refuse("stands before the first Gemm or convolution: latents come as they are")
        })
    }
}

/// Refuses maps that no `.gen` file can hold.
fn check_map(node: Node, [channels, height, width]: [usize; 3]) -> Result<()> {
    let fits = [channels, height, width].iter().all(|side| (1..=DIMENSION_LIMIT).contains(side));
    ensure!(
        fits && channels * height * width <= ELEMENT_LIMIT,
        node.refuse(format!("gives {channels}×{height}×{width} elements, out of range"))
    );
    Ok(())
}

/// Refuses dense layers from `channels_in` to `map` that no `.gen` file can hold: their kernel is
/// the map's size, whatever it was in the graph.
fn check_dense(node: Node, channels_in: usize, map: [usize; 3]) -> Result<()> {
    check_map(node, map)?;
    let [channels, height, width] = map;
    ensure!(
        height <= KERNEL_LIMIT && width <= KERNEL_LIMIT,
        node.refuse(format!(
            "makes one element {height}×{width}, possible: up to {KERNEL_LIMIT}×{KERNEL_LIMIT}"
        ))
    );
    let weights = (channels * height * width).saturating_mul(channels_in);
    ensure!(
        weights <= ELEMENT_LIMIT,
        node.refuse(format!(
            "needs {weights} weights, one for each of {channels_in} inputs and \
             {channels}×{height}×{width} features, possible: {ELEMENT_LIMIT}"
        ))
    );
    Ok(())
}

/// Shape of a single latent.
pub(crate) fn latent_shape(input: &ValueInfoProto) -> Result<Vec<usize>> {
    let name = &input.name;
    let kind = input.r#type.as_ref().and_then(|t| t.value.as_ref());
    let Some(type_proto::Value::TensorType(tensor)) = kind else {
        bail!("input \"{name}\" is no tensor");
    };
    ensure!(tensor.elem_type == DataType::Float as i32, "input \"{name}\" is not float32");
    let shape = tensor.shape.as_ref().with_context(|| format!("input \"{name}\" has no shape"))?;
    let mut sizes = Vec::new();
    for (index, dimension) in shape.dim.iter().enumerate() {
        sizes.push(match (&dimension.value, index) {
            (Some(Value::DimValue(1)), 0) | (Some(Value::DimParam(_)) | None, 0) => 1,
            (Some(Value::DimValue(batch)), 0) => {
                bail!("input \"{name}\" has a fixed batch of {batch}: export with batch 1")
            }
            (Some(Value::DimValue(size)), _) if (1..=DIMENSION_LIMIT as i64).contains(size) => {
                *size as usize
            }
            _ => bail!("input \"{name}\" has no usable size at axis {index}"),
        });
    }
    ensure!(
        matches!(sizes[..], [_, _] | [_, _, 1, 1]),
        "input \"{name}\" has shape {sizes:?}: latents are [batch, z] or [batch, z, 1, 1]"
    );
    Ok(sizes)
}
