//! The graph's output as a picture: the last layer, and how its output is the picture.

use crate::import::Importer;
use crate::import::layer::chain::Chain;
use crate::import::layer::fit::Fit;
use crate::import::layer::on_map::repeat;
use crate::import::layer::prepare::prepare;
use crate::import::node::Node;
use crate::import::value::Value;
use crate::import::view::{Origin, View};
use crate::latent::wish::Wishes;
use crate::network::function::Function;
use crate::network::operation::{Operation, Step};
use crate::network::{LayerKind, Order};
use crate::onnx::input::data_type;
use anyhow::{Result, anyhow, bail, ensure};
use ndarray::{ArrayD, IxDyn};
use std::sync::Arc;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension::Value as Size};
use tract_onnx::pb::{GraphProto, NodeProto, ValueInfoProto, tensor_proto::DataType, type_proto};

/// The output of `graph` that is the picture: its only one, or the one that `wishes` name.
///
/// # Errors
/// If there are several and none is named, or none has that name.
pub(crate) fn chosen<'g>(graph: &'g GraphProto, wishes: &Wishes) -> Result<&'g ValueInfoProto> {
    let list = || {
        let each = graph.output.iter().map(|it| format!("{} {}", it.name, declared(it)));
        each.collect::<Vec<_>>().join(", ")
    };
    match (&wishes.output, &graph.output[..]) {
        (None, [only]) => Ok(only),
        (None, []) => bail!("has no outputs"),
        (None, all) => bail!(
            "has {} outputs: choose the one that is the picture with --output NAME: {}",
            all.len(),
            list()
        ),
        (Some(name), all) => all.iter().find(|it| it.name == *name).ok_or_else(|| {
            anyhow!("--output {name}: there is no such output; choose one of {}", list())
        }),
    }
}

/// Makes the newest layer the last one. Returns how its output maps to the graph's `output`, and how many layers come
/// after the last one with weights of its own. `asked` is the shape of the pictures that a user asks for.
///
/// # Errors
/// If the output is no picture of 1 or 3 channels, or its pixels lie in an order that no layer gives.
pub(crate) fn picture(
    importer: &mut Importer,
    output: &ValueInfoProto,
    asked: Option<&Order>,
) -> Result<(Order, usize)> {
    let name = &output.name;
    let view = match importer.scope.get(name).cloned() {
        Some(Value::View(view)) => Ok(view),
        Some(Value::Length(_)) => Err("is the length of the latent"),
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
    let guess = asked.is_none() && is_flat(&importer.chain, &view);
    let candidates = match asked {
        Some(order) if shape.first() == Some(&1) => vec![order.clone()],
        Some(_) => vec![],
        None => candidates(&importer.chain, &view),
    };
    for Order { shape: dims, interleaved } in candidates {
        let Some(map) = as_map(&view, &dims, interleaved) else { continue };
        let before = importer.chain.layers.clone();
        if let Some(trailing_layers) = finish(importer, Node(&proto), &map)? {
            if guess {
                let [_, channels, height, width] = dims[..] else { continue };
                importer.notes.push(format!(
                    "output \"{name}\" is flat, {shape:?}: taken for pictures of {channels}×{height}×{width}, one \
                     channel after the other; if they are others, give --shape CxHxW or HxWxC"
                ));
            }
            return Ok((Order { shape, interleaved }, trailing_layers));
        }
        // The next candidate finds the layers as they were.
        importer.chain.layers = before;
    }
    ensure!(
        !guess,
        "output \"{name}\" is flat, {shape:?}, and no square picture of 1 or 3 channels: give the shape of its \
         pictures, for example --shape 3x48x64"
    );
    if let Some(Order { shape: asked, .. }) = asked {
        bail!(
            "output \"{name}\" is {shape:?}: it cannot be read in the shape {:?} of --shape",
            &asked[1..]
        );
    }
    bail!(
        "output \"{name}\" is {shape:?}: pictures are [batch, 1 or 3, height, width] or with the channels last, not \
         mirrored and without a border of zeros"
    )
}

/// The shape that `value` declares, as text.
fn declared(value: &ValueInfoProto) -> String {
    let kind = value.r#type.as_ref().and_then(|it| it.value.as_ref());
    let shape = match kind {
        Some(type_proto::Value::TensorType(tensor)) => tensor.shape.as_ref(),
        _ => None,
    };
    let Some(shape) = shape else { return "of unknown shape".to_owned() };
    let size = |size: &Dimension| match &size.value {
        Some(Size::DimValue(size)) => size.to_string(),
        Some(Size::DimParam(name)) => name.clone(),
        None => "?".to_owned(),
    };
    format!("[{}]", shape.dim.iter().map(size).collect::<Vec<_>>().join(", "))
}

/// Whether `view` has its elements along one axis and shows no map, from which their places would follow.
fn is_flat(chain: &Chain, view: &View) -> bool {
    let wide = view.dims().iter().filter(|size| **size > 1).count();
    let point = match view.origin {
        Origin::Layer(index) => {
            let layer = &chain.layers[index];
            layer.kind == LayerKind::Dense || layer.output()[..2] == [1, 1]
        }
        Origin::Latent => false,
    };
    let picture = matches!(view.dims(), [1, 1 | 3, _, _] | [1, _, _, 1 | 3]);
    wide == 1 && point && !picture && view.dims().first() == Some(&1)
}

/// The square picture that `len` elements are, one channel after the other. They can't be both grey and in colours,
/// since 3 is no square.
fn square(len: usize) -> Option<Order> {
    [1, 3].into_iter().find_map(|channels| {
        let side = (len / channels).isqrt();
        let fits = channels * side * side == len;
        fits.then(|| Order { shape: vec![1, channels, side, side], interleaved: false })
    })
}

/// The shapes of rank 4 that `view` may be a picture in, and whether the channels come last there.
fn candidates(chain: &Chain, view: &View) -> Vec<Order> {
    if is_flat(chain, view) {
        return square(view.elements.len()).into_iter().collect();
    }
    let order = |shape: [usize; 4], interleaved| Order { shape: shape.to_vec(), interleaved };
    match (view.dims(), view.origin) {
        (&[1, a, b, c], _) => vec![order([1, a, b, c], false), order([1, a, b, c], true)],
        (&[1, a, b], _) => vec![order([1, 1, a, b], false)],
        (&[1, _], Origin::Layer(index)) => {
            let [height, width, channels] = chain.layers[index].output();
            vec![
                order([1, channels, height, width], false),
                order([1, height, width, channels], true),
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
