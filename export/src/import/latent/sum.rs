//! The sum of two first layers: one layer, whose weights are the sums of theirs.

use crate::import::importer::Importer;
use crate::import::latent::form::Forms;
use crate::import::layer::chain::Chain;
use crate::import::layer::point::through;
use crate::import::layer::spread::turn;
use crate::import::node::Node;
use crate::import::value::{Value, Values};
use crate::import::view::{Origin, View};
use crate::network::Layer;
use crate::network::operation::{Operation, Step};
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, ensure};
use ndarray::ArrayD;
use std::sync::Arc;

/// Weights and summands of a dense layer that are added up.
struct Sum {
    /// Inputs of a feature.
    inputs: usize,
    weights: Vec<f64>,
    shift: Vec<f64>,
}

/// The sum of `a` and `scale` times `b`, which show the latent or first layers before their activations.
///
/// # Errors
/// If one of them has come through an activation, or their shapes do not fit.
pub(crate) fn sum_of_first(
    it: &mut Importer,
    node: Node,
    a: &View,
    scale: f64,
    b: &View,
) -> Result<View> {
    let dims = if a.origin == Origin::Latent { b.dims() } else { a.dims() }.to_vec();
    let inputs = it.chain.latent_len;
    let size = count(&dims).saturating_mul(inputs);
    ensure!(size <= ELEMENT_LIMIT, node.refuse(format!("needs {size} weights: too many")));
    let mut sum = Sum { inputs, weights: Vec::new(), shift: Vec::new() };
    let mut used = Vec::new();
    for (view, scale) in [(a, 1.0), (b, scale)] {
        let fits = view.broadcast(&dims).filter(|it| it.elements.iter().all(|at| *at >= 0));
        let view = fits.ok_or_else(|| {
            node.refuse(format!("shapes {:?} and {:?} do not fit", a.dims(), b.dims()))
        })?;
        used.extend(sum.add(&mut it.chain, &it.forms, node, &view, scale)?);
    }
    used.sort_unstable();
    for index in used.into_iter().rev() {
        remove(&mut it.chain, &mut it.values, index);
    }
    let Sum { weights, shift, .. } = sum;
    let features = shift.len();
    let weights = weights.into_iter().map(|weight| weight as f32).collect();
    it.chain.push_first(node, [1, 1, features], weights);
    let operation = Operation::Affine { scale: vec![1.0], shift };
    if let Some(layer) = it.chain.layers.last_mut() {
        layer.steps = vec![Step { node: node.name().to_owned(), operation }];
    }
    let elements = ArrayD::from_shape_vec(dims, (0..features as i32).collect())?;
    Ok(View { elements: Arc::new(elements), ..it.chain.newest() })
}

impl Sum {
    /// Adds `scale` times what `view` shows. The index of the layer that it shows.
    fn add(
        &mut self,
        chain: &mut Chain,
        forms: &Forms,
        node: Node,
        view: &View,
        scale: f64,
    ) -> Result<Option<usize>> {
        let view = match view.origin {
            Origin::Latent => through(chain, forms, node, view)?,
            Origin::Layer(_) => view.clone(),
        };
        let Origin::Layer(index) = view.origin else { return Ok(None) };
        ensure!(
            view.steps.iter().all(|step| step.operation.is_affine()),
            node.refuse(
                "adds two first layers of which one has its activation already: add them before their activations"
            )
        );
        let layer = flat(&chain.layers[index]);
        self.weights.resize(view.elements.len() * self.inputs, 0.0);
        self.shift.resize(view.elements.len(), 0.0);
        let rows = self.weights.chunks_exact_mut(self.inputs).zip(&mut self.shift);
        for ((row, shift), at) in rows.zip(view.elements.iter()) {
            let at = *at as usize;
            let of = |x: f64| view.steps.iter().fold(x, |x, step| step.operation.at(x, at));
            let (zero, one) = (of(0.0), of(1.0));
            *shift += scale * zero;
            let own = &layer.weights[at * self.inputs..];
            for (sum, weight) in row.iter_mut().zip(own) {
                *sum += scale * (one - zero) * f64::from(*weight);
            }
        }
        Ok(Some(index))
    }
}

/// Takes first layer `removed` out of the chain, since it has become part of another. A tensor that shows it counts as
/// refused.
fn remove(chain: &mut Chain, values: &mut Values, removed: usize) {
    chain.remove_first(removed);
    for value in values.all_mut() {
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
