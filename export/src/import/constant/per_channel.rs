//! A constant as the numbers that a layer's epilogue takes: one for all elements, one for each channel, or one for
//! each feature of a dense layer or element of the latent.

use crate::import::constant::tensor::Tensor;
use crate::import::node::Node;
use crate::import::view::View;
use crate::onnx::shape::count;
use anyhow::{Result, ensure};

/// The origin of a view's elements, and whether its epilogue takes numbers per channel or per element.
#[derive(Clone, Copy)]
pub(crate) struct Elements {
    /// The origin's height, width and channels.
    pub(crate) map: [usize; 3],
    /// Whether each element may have a number of its own, not only each channel.
    pub(crate) single: bool,
}

impl Elements {
    /// One number for each channel, axis 1 of `view`, in the order of the view's origin.
    pub(crate) fn of_channels(self, node: Node, view: &View, channels: &[f64]) -> Result<Vec<f64>> {
        let inner: usize = count(view.dims().get(2..).unwrap_or_default());
        let one = view.dims().first() == Some(&1);
        ensure!(
            one,
            node.refuse(format!("on shape {:?}: the first axis must be a batch of 1", view.dims()))
        );
        let values = channels.iter().flat_map(|n| std::iter::repeat_n(*n, inner));
        self.ordered(node, view, values, "number of each channel")
    }

    /// The numbers of `tensor`, broadcast to `view`, in the order of the view's origin; `what` they are, in messages.
    pub(crate) fn of_tensor(
        self,
        node: Node,
        view: &View,
        tensor: &Tensor,
        what: &str,
    ) -> Result<Vec<f64>> {
        let values = tensor.real();
        if let Some(bad) = values.iter().find(|value| !value.is_finite()) {
            return Err(node.refuse(format!("its {what} holds {bad}: train again or clean it")));
        }
        if values.len() == 1 {
            return Ok(tensor.numbers());
        }
        let all = values.broadcast(view.dims().to_vec()).ok_or_else(|| {
            let (own, dims) = (tensor.dims(), view.dims());
            node.refuse(format!("{what} of shape {own:?} does not broadcast to {dims:?}"))
        })?;
        self.ordered(node, view, all.iter().copied(), what)
    }

    /// `values`, one for each element of `view`, in the order of the view's origin: one for each channel if the
    /// elements of a channel agree, else one for each element.
    fn ordered(
        self,
        node: Node,
        view: &View,
        values: impl Iterator<Item = f64>,
        what: &str,
    ) -> Result<Vec<f64>> {
        let [height, width, channels] = self.map;
        let refusal = || {
            node.refuse(format!(
                "{what}: one number for each channel is supported, not for each pixel"
            ))
        };
        let mut numbers = vec![f64::NAN; height * width * channels];
        for (&element, value) in view.elements.iter().zip(values) {
            if element >= 0 {
                let number = &mut numbers[element as usize];
                ensure!(number.is_nan() || *number == value, refusal());
                *number = value;
            }
        }
        // An element that the view does not show may have any number: it takes that of its channel.
        let of = |c: usize| {
            let known = numbers.iter().skip(c).step_by(channels).find(|n| !n.is_nan());
            known.copied().unwrap_or(0.0)
        };
        let per_channel: Vec<f64> = (0..channels).map(of).collect();
        let fits = |(i, n): (usize, &f64)| n.is_nan() || *n == per_channel[i % channels];
        if numbers.iter().enumerate().all(fits) {
            return Ok(per_channel);
        }
        ensure!(self.single, refusal());
        Ok(numbers.into_iter().map(|n| if n.is_nan() { 0.0 } else { n }).collect())
    }
}
