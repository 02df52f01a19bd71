//! A tensor that depends on the latent, as a view of a layer's output or of the latent itself: which element each of
//! its elements is, and what is done to each.

use crate::import::moves::layout::{Layout, moved};
use crate::import::node::Node;
use crate::network::operation::Step;
use anyhow::{Result, ensure};
use ndarray::ArrayD;
use std::sync::Arc;

/// Whose elements a view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Latent,
    Layer(usize),
}

/// Elements of one origin in any order, after some steps that change each of them alone.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) origin: Origin,
    /// For each element of the tensor its index in the origin, in HWC order, or [`ZERO`].
    pub(crate) elements: Arc<ArrayD<i32>>,
    /// What is done to each element, first to last.
    pub(crate) steps: Vec<Step>,
}

/// Maximum number of operations on an element.
const LARGEST: usize = 100;

/// Stands for a padding's zero among the indices of a view.
pub(crate) const ZERO: i32 = -1;

impl View {
    /// A view without steps.
    pub(crate) fn new(origin: Origin, elements: ArrayD<i32>) -> Self {
        Self { origin, elements: Arc::new(elements), steps: Vec::new() }
    }

    /// The whole output of layer `index`, `[1, C, H, W]`.
    pub(crate) fn of_layer(index: usize, [height, width, channels]: [usize; 3]) -> Self {
        let elements = ArrayD::from_shape_fn(vec![1, channels, height, width], |at| {
            ((at[2] * width + at[3]) * channels + at[1]) as i32
        });
        Self::new(Origin::Layer(index), elements)
    }

    /// The tensor's shape.
    pub(crate) fn dims(&self) -> &[usize] {
        self.elements.shape()
    }

    /// The view broadcast to shape `dims`, if that is possible.
    pub(crate) fn broadcast(&self, dims: &[usize]) -> Option<Self> {
        let elements = self.elements.broadcast(dims.to_vec())?.as_standard_layout().into_owned();
        Some(Self { elements: Arc::new(elements), ..self.clone() })
    }

    /// The views that [`moved`] makes of this one.
    pub(crate) fn moved(&self, layouts: &[Layout], node: Node) -> Result<Vec<Self>> {
        let parts = moved(layouts, &self.elements, ZERO, node)?;
        let same = |elements| Self { elements: Arc::new(elements), ..self.clone() };
        Ok(parts.into_iter().map(same).collect())
    }

    /// The view with one more step.
    ///
    /// # Errors
    /// If the step would change a padding's zeros, or there are too many steps already.
    pub(crate) fn then(&self, node: Node, step: Step) -> Result<Self> {
        let padded = self.elements.iter().any(|element| *element < 0);
        ensure!(
            !padded || step.operation.at(0.0, 0) == 0.0 && step.operation.is_uniform(),
            node.refuse("follows a padding with zeros, which it would change: pad after it")
        );
        let mut steps = self.steps.clone();
        steps.push(step);
        let size: usize = steps.iter().map(|step| step.operation.size()).sum();
        ensure!(
            size <= LARGEST,
            node.refuse(format!("is one of more than {LARGEST} operations on the same elements"))
        );
        Ok(Self { steps, ..self.clone() })
    }
}
