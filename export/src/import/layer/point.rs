//! Dense layers that read a single pixel: the latent, or a dense layer before it became a map.

use crate::import::Importer;
use crate::import::latent::form::NORMALIZED;
use crate::import::layer::chain::check_dense;
use crate::import::node::Node;
use crate::import::view::{Origin, View};
use crate::network::Layer;
use crate::network::linear::pairs;
use crate::network::operation::{Operation, Step};
use crate::onnx::shape::ELEMENT_LIMIT;
use anyhow::{Result, ensure};
use ndarray::ArrayD;
use std::sync::Arc;

/// Adds a layer that reads `view` and gives `output`: height, width, channels. `weight(feature, input)` is the weight of
/// feature `feature`, in HWC order, for the view's element `input`.
///
/// # Errors
/// If another layer reads the layer before already, or the new one is too large.
pub(crate) fn point(
    importer: &mut Importer,
    node: Node,
    view: &View,
    output: [usize; 3],
    weight: impl Fn(usize, usize) -> f32,
) -> Result<()> {
    let Importer { chain, forms, .. } = importer;
    let inputs = match view.origin {
        Origin::Latent => {
            ensure!(
                chain.all_read_latent(),
                node.refuse(format!(
                    "reads latents, a label or constants after another layer, where they are no longer there{}",
                    forms.advice()
                ))
            );
            forms.read(view);
            chain.latent_len
        }
        Origin::Layer(_) => {
            let index = chain.close(node, view)?;
            chain.layers[index].features()
        }
    };
    let [height, width, channels] = output;
    check_dense(node, inputs, output)?;
    let known = view.elements.iter().filter_map(|at| usize::try_from(*at).ok());
    let terms = match view.origin {
        Origin::Latent => known.map(|at| forms.get(at).terms.len() + 1).sum(),
        Origin::Layer(_) => view.elements.len(),
    };
    let features = height * width * channels;
    let work = features.saturating_mul(terms);
    ensure!(work / 64 <= ELEMENT_LIMIT, node.refuse("reads too many numbers of the latents"));
    let (mut weights, mut sums) = (Vec::with_capacity(features * inputs), vec![0.0; inputs]);
    let mut shift = vec![0.0; features];
    // `[out][row][column][in]`
    for (out, pixel) in pairs([channels, height * width]) {
        let feature = pixel * channels + out;
        sums.fill(0.0);
        for (input, &place) in view.elements.iter().enumerate() {
            let w = f64::from(weight(feature, input));
            let Ok(place) = usize::try_from(place) else { continue };
            match view.origin {
                _ if w == 0.0 => {}
                // What is done to the latent becomes part of the weights, and constants become summands.
                Origin::Latent => {
                    let form = forms.get(place);
                    for (element, number) in &form.terms {
                        sums[element % NORMALIZED] += w * number;
                    }
                    shift[feature] += w * form.constant;
                }
                Origin::Layer(_) => sums[place] += w,
            }
        }
        weights.extend(sums.iter().map(|sum| *sum as f32));
    }
    match view.origin {
        Origin::Latent => chain.push_first(node, output, weights),
        Origin::Layer(_) => chain.layers.push(Layer::dense(node.name(), inputs, output, weights)),
    }
    if shift.iter().any(|b| *b != 0.0)
        && let Some(layer) = chain.layers.last_mut()
    {
        let operation = Operation::Affine { scale: vec![1.0; features], shift };
        layer.steps.push(Step { node: node.name().to_owned(), operation });
    }
    Ok(())
}

/// The latent's elements that `view` shows as a layer of their own, which changes nothing.
pub(crate) fn through(importer: &mut Importer, node: Node, view: &View) -> Result<View> {
    let len = view.elements.len();
    let same = |out: usize, input: usize| f32::from(u8::from(out == input));
    point(importer, node, view, [1, 1, len], same)?;
    let elements = ArrayD::from_shape_vec(view.dims().to_vec(), (0..len as i32).collect())?;
    Ok(View { elements: Arc::new(elements), ..importer.chain.newest() })
}
