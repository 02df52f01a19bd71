//! The sum of two first layers: one layer, whose weights are the sums of theirs.

use crate::import::Importer;
use crate::import::layer::point::through;
use crate::import::layer::prepare::turn;
use crate::import::node::Node;
use crate::import::value::Value;
use crate::import::view::{Origin, View};
use crate::network::Layer;
use crate::network::operation::{Operation, Step};
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, ensure};
use ndarray::ArrayD;
use std::sync::Arc;

/// The sum of `a` and `scale` times `b`, which show the latent or first layers before their activations.
///
/// # Errors
/// If one of them has come through an activation, or their shapes do not fit.
pub(crate) fn sum_of_first(
    importer: &mut Importer,
    node: Node,
    a: &View,
    scale: f64,
    b: &View,
) -> Result<View> {
    let dims = if a.origin == Origin::Latent { b.dims() } else { a.dims() }.to_vec();
    let inputs = importer.chain.latent_len;
    let size = count(&dims).saturating_mul(inputs);
    ensure!(size <= ELEMENT_LIMIT, node.refuse(format!("needs {size} weights: too many")));
    let features: usize = dims.iter().product();
    let (mut weights, mut shift) = (vec![0.0; features * inputs], vec![0.0; features]);
    let mut used = Vec::new();
    for (view, scale) in [(a, 1.0), (b, scale)] {
        let fits = view.broadcast(&dims).filter(|it| it.elements.iter().all(|at| *at >= 0));
        let mut view = fits.ok_or_else(|| {
            node.refuse(format!("shapes {:?} and {:?} do not fit", a.dims(), b.dims()))
        })?;
        if view.origin == Origin::Latent {
            view = through(importer, node, &view)?;
        }
        let Origin::Layer(index) = view.origin else { continue };
        ensure!(
            view.steps.iter().all(|step| step.operation.is_affine()),
            node.refuse(
                "adds two first layers of which one has its activation already: add them before their activations"
            )
        );
        let layer = flat(&importer.chain.layers[index]);
        let rows = weights.chunks_exact_mut(inputs).zip(&mut shift);
        for ((row, shift), at) in rows.zip(view.elements.iter()) {
            let at = *at as usize;
            let of = |x: f64| view.steps.iter().fold(x, |x, step| step.operation.at(x, at));
            let (zero, one) = (of(0.0), of(1.0));
            *shift += scale * zero;
            for (sum, weight) in row.iter_mut().zip(&layer.weights[at * inputs..]) {
                *sum += scale * (one - zero) * f64::from(*weight);
            }
        }
        used.push(index);
    }
    used.sort_unstable();
    used.into_iter().rev().for_each(|index| remove(importer, index));
    let weights = weights.into_iter().map(|weight| weight as f32).collect();
    importer.chain.push_first(node, [1, 1, features], weights);
    let operation = Operation::Affine { scale: vec![1.0], shift };
    if let Some(layer) = importer.chain.layers.last_mut() {
        layer.steps = vec![Step { node: node.name().to_owned(), operation }];
    }
    let elements = ArrayD::from_shape_vec(dims, (0..features as i32).collect())?;
    Ok(View { elements: Arc::new(elements), ..importer.chain.newest() })
}

/// Takes first layer `removed` out of the chain, since it has become part of another. A tensor that shows it counts as
/// refused.
fn remove(importer: &mut Importer, removed: usize) {
    importer.chain.remove_first(removed);
    for value in importer.scope.all_mut() {
        let Value::View(View { origin: Origin::Layer(index), .. }) = value else { continue };
        match *index {
            index if index == removed => *value = Value::Refused,
            _ => *index -= usize::from(*index > removed),
        }
    }
}

/// A dense layer as one that gives a single pixel, whose channels are the features in the same order.
pub(crate) fn flat(layer: &Layer) -> Layer {
    let mut layer = layer.clone();
    let features = layer.features();
    turn(&mut layer, &(0..features).collect::<Vec<_>>(), [1, 1, features]);
    layer
}
