//! What a tensor of the graph shows of a layer's output, or of the latent.

use crate::import::Node;
use crate::import::moves::layout::Layout;
use crate::network::Step;
use anyhow::{Result, ensure};
use ndarray::ArrayD;
use std::sync::Arc;

/// Whose elements a view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Latent,
    Layer(usize),
}

/// Elements of one origin, moved about, after some steps that work on each of them.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) origin: Origin,
    /// Which element each is, in HWC order, or [`ZERO`].
    pub(crate) elements: Arc<ArrayD<i32>>,
    pub(crate) steps: Vec<Step>,
}

/// Most operations on an element.
const LARGEST: usize = 100;

/// A zero that was put there.
pub(crate) const ZERO: i32 = -1;

impl View {
    pub(crate) fn new(origin: Origin, elements: ArrayD<i32>) -> Self {
        Self { origin, elements: Arc::new(elements), steps: Vec::new() }
    }

    /// The output of a layer, `[1, C, H, W]`.
    pub(crate) fn of_layer(index: usize, [height, width, channels]: [usize; 3]) -> Self {
        let elements = ArrayD::from_shape_fn(vec![1, channels, height, width], |at| {
            ((at[2] * width + at[3]) * channels + at[1]) as i32
        });
        Self::new(Origin::Layer(index), elements)
    }

    pub(crate) fn dims(&self) -> &[usize] {
        self.elements.shape()
    }

    /// Repeated to these sizes, if it can be.
    pub(crate) fn broadcast(&self, dims: &[usize]) -> Option<Self> {
        let elements = self.elements.broadcast(dims.to_vec())?.as_standard_layout().into_owned();
        Some(Self { elements: Arc::new(elements), ..self.clone() })
    }

    pub(crate) fn moved(&self, layout: &Layout, node: Node) -> Result<Vec<Self>> {
        let parts = layout.run(&self.elements, ZERO, node)?;
        let same = |elements| Self { elements: Arc::new(elements), ..self.clone() };
        Ok(parts.into_iter().map(same).collect())
    }

    /// With one more step, which leaves zeros that were put there as they are.
    pub(crate) fn then(&self, node: Node, step: Step) -> Result<Self> {
        let padded = self.elements.iter().any(|element| *element < 0);
        ensure!(
            !padded || step.operation.at(0.0, 0) == 0.0 && step.operation.is_uniform(),
            node.refuse("stands behind a padding with zeros, which it would change: pad behind it")
        );
        let mut steps = self.steps.clone();
        steps.push(step);
        let size: usize = steps.iter().map(|step| step.operation.size()).sum();
        ensure!(size <= LARGEST, node.refuse("comes after too many others on the same elements"));
        Ok(Self { steps, ..self.clone() })
    }
}
