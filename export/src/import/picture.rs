//! The graph's output as a picture.

use crate::import::layer::fit::Fit;
use crate::import::view::{Origin, View};
use crate::import::{Node, Value, Walk};
use crate::network::function::Function;
use crate::network::{Kind, Operation, Order, Step};
use anyhow::{Result, anyhow, bail, ensure};
use ndarray::{ArrayD, IxDyn};
use std::sync::Arc;
use tract_onnx::pb::{NodeProto, ValueInfoProto, tensor_proto::DataType};

impl Walk<'_> {
    /// Makes the newest layer the last, and says how its map is the output.
    pub(crate) fn picture(&mut self, output: &ValueInfoProto, end: Option<Value>) -> Result<Order> {
        let name = &output.name;
        let view = match end {
            Some(Value::View(view)) => view,
            Some(Value::Refused) => {
                bail!("output \"{name}\" depends on a first layer that has been added to another")
            }
            Some(Value::ByLabel(_)) => {
                bail!("output \"{name}\" depends on a label alone: there is nothing to draw")
            }
            _ => bail!("output \"{name}\" does not depend on the latent"),
        };
        ensure!(!self.layers.is_empty(), "has 0 layers: output \"{name}\" is the latent");
        let known = crate::onnx::input::data_type(output);
        ensure!(
            matches!(known, None | Some(DataType::Float | DataType::Uint8)),
            "output \"{name}\" is neither float32 nor uint8: export without the last Cast"
        );
        let shape = view.dims().to_vec();
        let refusal = || {
            anyhow!(
                "output \"{name}\" is {shape:?}: pictures are [batch, 1 or 3, height, width] or with the channels \
                 last, not turned round and without a border of zeros"
            )
        };
        // As [1, C, H, W], whichever it is.
        let rgb = |channels: usize| matches!(channels, 1 | 3);
        let candidates: Vec<(Vec<usize>, bool)> = match shape[..] {
            [1, a, b, c] => vec![(vec![1, a, b, c], false), (vec![1, a, b, c], true)],
            [1, a, b] => vec![(vec![1, 1, a, b], false)],
            [1, _] => match view.origin {
                Origin::Layer(index) if self.layers[index].kind != Kind::Dense => {
                    let [height, width, channels] = self.layers[index].output();
                    vec![
                        (vec![1, channels, height, width], false),
                        (vec![1, height, width, channels], true),
                    ]
                }
                _ => vec![],
            },
            _ => vec![],
        };
        let proto = NodeProto { name: name.clone(), ..NodeProto::default() };
        for (dims, interleaved) in candidates {
            let Ok(elements) = view.elements.to_shape(IxDyn(&dims)) else { continue };
            let elements: ArrayD<i32> = match interleaved {
                false => elements.into_owned(),
                true => {
                    elements.permuted_axes(IxDyn(&[0, 3, 1, 2])).as_standard_layout().into_owned()
                }
            };
            if !rgb(elements.shape()[1]) {
                continue;
            }
            let as_map = View { elements: Arc::new(elements), ..view.clone() };
            let node = Node(&proto);
            let before = self.layers.clone();
            let as_map = self.spread(node, &as_map)?;
            let as_map = self.cut(&as_map)?;
            let Origin::Layer(index) = as_map.origin else { continue };
            let fit = match index + 1 == self.layers.len() {
                true => Fit::of(&as_map.elements, self.layers[index].output()),
                false => None,
            };
            let fit = fit.filter(|_| as_map.elements.iter().all(|element| *element >= 0));
            let Some(fit) = fit else {
                // The next one finds the layers as they were.
                self.layers = before;
                continue;
            };
            let last = self.finish(node, index, simplified(as_map.steps.clone()))?;
            let [height, width, depth] = self.layers[index].output();
            let plain = as_map.dims()[1..] == [depth, height, width]
                && fit.channels.iter().copied().eq(0..depth);
            if !plain {
                // Each pixel in its place, by a layer that does nothing else.
                debug_assert_eq!(last + 1, self.layers.len());
                self.repeated(node, &as_map, &fit)?;
            }
            let behind = self.layers.len() - 1 - index;
            return Ok(Order { shape, interleaved, behind });
        }
        Err(refusal())
    }
}

/// Limits come last: what stretches them stretches what they are put on.
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
