//! The graph's output as a picture: the last layer, and how its output is the picture.

use crate::import::Importer;
use crate::import::layer::chain::Chain;
use crate::import::layer::fit::Fit;
use crate::import::layer::on_map::repeat;
use crate::import::layer::prepare::prepare;
use crate::import::node::Node;
use crate::import::value::Value;
use crate::import::view::{Origin, View};
use crate::network::function::Function;
use crate::network::operation::{Operation, Step};
use crate::network::{LayerKind, Order};
use crate::onnx::input::data_type;
use anyhow::{Result, anyhow, bail, ensure};
use ndarray::{ArrayD, IxDyn};
use std::sync::Arc;
use tract_onnx::pb::{NodeProto, ValueInfoProto, tensor_proto::DataType};

/// Makes the newest layer the last one. Returns how its output maps to the graph's `output`, and how many layers come
/// after the last one with weights of its own.
///
/// # Errors
/// If the output is no picture of 1 or 3 channels, or its pixels lie in an order that no layer gives.
pub(crate) fn picture(importer: &mut Importer, output: &ValueInfoProto) -> Result<(Order, usize)> {
    let name = &output.name;
    let view = match importer.scope.get(name).cloned() {
        Some(Value::View(view)) => Ok(view),
        Some(Value::Refused) => Err("depends on a first layer that has been added to another"),
        Some(Value::ByLabel(_)) => Err("depends on a label alone: there is nothing to draw"),
        Some(Value::Constant(_)) | None => Err("does not depend on the latent"),
    };
    let view = view.map_err(|why| anyhow!("output \"{name}\" {why}"))?;
    ensure!(!importer.chain.layers.is_empty(), "has 0 layers: output \"{name}\" is the latent");
    ensure!(
        matches!(data_type(output), None | Some(DataType::Float | DataType::Uint8)),
        "output \"{name}\" is neither float32 nor uint8: export without the last Cast"
    );
    let shape = view.dims().to_vec();
    let proto = NodeProto { name: name.clone(), ..NodeProto::default() };
    for (dims, interleaved) in candidates(&importer.chain, &view) {
        let Some(map) = as_map(&view, &dims, interleaved) else { continue };
        let before = importer.chain.layers.clone();
        if let Some(trailing_layers) = finish(importer, Node(&proto), &map)? {
            return Ok((Order { shape, interleaved }, trailing_layers));
        }
        // The next candidate finds the layers as they were.
        importer.chain.layers = before;
    }
    bail!(
        "output \"{name}\" is {shape:?}: pictures are [batch, 1 or 3, height, width] or with the channels last, not \
         mirrored and without a border of zeros"
    )
}

/// The shapes of rank 4 that `view` may be a picture in, and whether the channels come last there.
fn candidates(chain: &Chain, view: &View) -> Vec<(Vec<usize>, bool)> {
    match (view.dims(), view.origin) {
        (&[1, a, b, c], _) => vec![(vec![1, a, b, c], false), (vec![1, a, b, c], true)],
        (&[1, a, b], _) => vec![(vec![1, 1, a, b], false)],
        (&[1, _], Origin::Layer(index)) if chain.layers[index].kind != LayerKind::Dense => {
            let [height, width, channels] = chain.layers[index].output();
            vec![
                (vec![1, channels, height, width], false),
                (vec![1, height, width, channels], true),
            ]
        }
        _ => vec![],
    }
}

/// `view` in shape `dims`, as `[1, C, H, W]`; `None` unless it has 1 or 3 channels.
fn as_map(view: &View, dims: &[usize], interleaved: bool) -> Option<View> {
    let elements = view.elements.to_shape(IxDyn(dims)).ok()?;
    let elements: ArrayD<i32> = match interleaved {
        false => elements.into_owned(),
        true => elements.permuted_axes(IxDyn(&[0, 3, 1, 2])).as_standard_layout().into_owned(),
    };
    let rgb = matches!(elements.shape()[1], 1 | 3);
    rgb.then(|| View { elements: Arc::new(elements), ..view.clone() })
}

/// Makes the newest layer, or one more that puts each pixel in its place, give `map`. Returns how many layers come after
/// the layer that `map` shows; none if no layer can give it.
fn finish(importer: &mut Importer, node: Node, map: &View) -> Result<Option<usize>> {
    let map = prepare(importer, node, map)?;
    let chain = &mut importer.chain;
    let Origin::Layer(index) = map.origin else { return Ok(None) };
    if !chain.is_newest(index) || map.elements.iter().any(|element| *element < 0) {
        return Ok(None);
    }
    let Some(fit) = Fit::of(&map.elements, chain.layers[index].output()) else { return Ok(None) };
    chain.finish(node, index, simplified(map.steps.clone()))?;
    let [height, width, depth] = chain.layers[index].output();
    let plain =
        map.dims()[1..] == [depth, height, width] && fit.channels.iter().copied().eq(0..depth);
    if !plain {
        repeat(chain, node, &map, &fit)?;
    }
    Ok(Some(chain.layers.len() - 1 - index))
}

/// `steps` with a clipping at the end last: a scale and shift after it come before it, with other limits.
fn simplified(mut steps: Vec<Step>) -> Vec<Step> {
    if let [.., a, b] = &steps[..]
        && let Operation::Function(Function::Clip(low, high)) = a.operation
        && let Operation::Affine { scale, shift } = &b.operation
        && b.operation.is_uniform()
        && scale[0] > 0.0
    {
        let at = |x: f64| x * scale[0] + shift[0];
        let clip = Operation::Function(Function::Clip(at(low), at(high)));
        let clip = Step { node: a.node.clone(), operation: clip };
        let affine = b.clone();
        steps.truncate(steps.len() - 2);
        steps.extend([affine, clip]);
    }
    steps
}
