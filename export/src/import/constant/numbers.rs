//! Constants as numbers of a layer's channels or features.

use crate::import::constant::tensor::{Tensor, count};
use crate::import::view::{Origin, View};
use crate::import::{Node, Walk};
use crate::network::Kind;
use anyhow::{Result, ensure};

impl Walk<'_> {
    /// One number for each channel, axis 1 of the view, as the origin's elements have them.
    pub(crate) fn each(&self, node: Node, view: &View, channels: &[f64]) -> Result<Vec<f64>> {
        let inner: usize = count(view.dims().get(2..).unwrap_or_default());
        let one = view.dims().first() == Some(&1);
        ensure!(one, node.refuse(format!("on shape {:?}: a batch of 1 comes first", view.dims())));
        let values = channels.iter().flat_map(|n| std::iter::repeat_n(*n, inner));
        self.origin_numbers(node, view, values, "number of each channel")
    }

    /// A constant, broadcast to the view, as the origin's elements have it.
    pub(crate) fn numbers(
        &self,
        node: Node,
        view: &View,
        tensor: &Tensor,
        what: &str,
    ) -> Result<Vec<f64>> {
        let values = tensor.numbers();
        if let Some(bad) = values.iter().find(|value| !value.is_finite()) {
            return Err(node.refuse(format!("its {what} holds {bad}: train again or clean it")));
        }
        if let [one] = values[..] {
            return Ok(vec![one]);
        }
        let dims = tensor.dims().to_vec();
        let values = ndarray::ArrayD::from_shape_vec(dims.clone(), values)?;
        let all = values.broadcast(view.dims().to_vec()).ok_or_else(|| {
            node.refuse(format!("{what} of shape {dims:?} on shape {:?}", view.dims()))
        })?;
        self.origin_numbers(node, view, all.iter().copied(), what)
    }

    /// Numbers of a view's elements as those of its origin's: one for all, for each channel, or for each
    /// element of a dense layer or of the latent.
    fn origin_numbers(
        &self,
        node: Node,
        view: &View,
        values: impl Iterator<Item = f64>,
        what: &str,
    ) -> Result<Vec<f64>> {
        let ([height, width, channels], dense) = match view.origin {
            Origin::Latent => ([1, 1, self.forms.len()], true),
            Origin::Layer(index) => {
                let layer = &self.layers[index];
                (layer.output(), layer.kind == Kind::Dense)
            }
        };
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
        // Elements that are not shown have any number: another's of their channel.
        let of = |c: usize| {
            let known = numbers.iter().skip(c).step_by(channels).find(|n| !n.is_nan());
            known.copied().unwrap_or(0.0)
        };
        let per_channel: Vec<f64> = (0..channels).map(of).collect();
        let fits = |(i, n): (usize, &f64)| n.is_nan() || *n == per_channel[i % channels];
        if numbers.iter().enumerate().all(fits) {
            return Ok(per_channel);
        }
        ensure!(dense, refusal());
        Ok(numbers.into_iter().map(|n| if n.is_nan() { 0.0 } else { n }).collect())
    }
}
