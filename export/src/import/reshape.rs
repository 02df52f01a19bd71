//! What only changes the shape: Reshape, Flatten, Squeeze, Unsqueeze.

use super::steps::to_hwc;
use super::{Node, Walk, check_dense};
use crate::network::{Kind, Layer, Operation};
use anyhow::{Result, ensure};

impl Walk<'_> {
    pub(super) fn reshape(&mut self, node: Node) -> Result<()> {
        node.expect(2, &["allowzero", "shape"])?;
        let target = match node.ints("shape")? {
            Some(shape) => shape.to_vec(),
            None => self.constants.ints(node, 1, "shape")?,
        };
        let refusal = || {
            let [channels, height, width] = self.map;
            node.refuse(format!(
                "shape {target:?} for {channels}×{height}×{width} elements a picture"
            ))
        };
        let (first, rest) = target.split_first().ok_or_else(refusal)?;
        let mut sizes = Vec::new();
        for (index, &size) in rest.iter().enumerate() {
            sizes.push(match size {
                0 if node.int("allowzero", 0)? == 0 => {
                    *self.shape().get(index).ok_or_else(refusal)?
                }
                _ => usize::try_from(size).unwrap_or(0),
            });
        }
        let elements: usize = self.map.iter().product();
        let known = |sizes: &[usize]| {
            sizes.iter().filter(|&&s| s > 0).try_fold(1usize, |product, &s| product.checked_mul(s))
        };
        let product = known(&sizes).ok_or_else(refusal)?;
        if let Some(unknown) = rest.iter().position(|&size| size == -1) {
            sizes[unknown] = elements / product;
        }
        // The batch keeps its size: it is inferred, copied, or one picture's.
        let batch = matches!(first, -1..=1);
        ensure!(batch && known(&sizes) == Some(elements) && !sizes.contains(&0), refusal());
        self.take_shape(node, &sizes)
    }

    pub(super) fn flatten(&mut self, node: Node) -> Result<()> {
        node.expect(1, &["axis"])?;
        let axis = node.int("axis", 1)?;
        ensure!(axis == 1, node.refuse(format!("attribute axis = {axis}: only 1 is supported")));
        let elements = self.map.iter().product();
        self.take_shape(node, &[elements])
    }

    pub(super) fn squeeze(&mut self, node: Node) -> Result<()> {
        node.expect(2, &["axes"])?;
        let mut axes = match node.ints("axes")? {
            Some(axes) => axes.to_vec(),
            None => self.constants.ints(node, 1, "axes")?,
        };
        // Both count from the end of the four axes.
        for axis in axes.iter_mut().filter(|axis| **axis < 0) {
            *axis += 4;
        }
        axes.sort_unstable();
        let [channels, height, width] = self.map;
        match (node.operator(), self.flat, &axes[..]) {
            ("Unsqueeze", true, [2, 3]) => self.take_shape(node, &[channels, 1, 1]),
            ("Squeeze", false, [2, 3]) if height * width == 1 => self.take_shape(node, &[channels]),
            _ => Err(node.refuse(format!(
                "axes {axes:?}: only [batch, z] to [batch, z, 1, 1] and back is supported"
            ))),
        }
    }

    /// The shape of one picture's tensor.
    fn shape(&self) -> &[usize] {
        if self.flat { &self.map[..1] } else { &self.map }
    }

    fn take_shape(&mut self, node: Node, sizes: &[usize]) -> Result<()> {
        let elements = self.map.iter().product::<usize>();
        match *sizes {
            [channels, height, width] if [channels, height, width] == self.map => self.flat = false,
            [features] if features == elements && self.map[1] * self.map[2] == 1 => {
                self.flat = true
            }
            // A convolution that ends at 1×1 is none: its features have several positions' weights.
            [channels, height, width]
                if self.map[1] * self.map[2] == 1 && self.layer(node)?.kind == Kind::Dense =>
            {
                let map = [channels, height, width];
                let layer = self.layer(node)?;
                check_dense(node, layer.channels_in, map)?;
                spread(layer, map);
                (self.map, self.flat) = (map, false);
            }
            _ => {
                return Err(node.refuse(format!(
                    "from {:?} to {sizes:?}: only a dense layer's features can become a map",
                    self.shape()
                )));
            }
        }
        Ok(())
    }
}

/// Turns a dense layer's features into a map: what was one channel of a 1×1 map is now one element.
fn spread(layer: &mut Layer, map: [usize; 3]) {
    // Features are in CHW order, so `[feature][in]` already reads `[out][row][column][in]`.
    let [channels, height, width] = map;
    (layer.rows, layer.columns) = (Layer::dense_axis(height), Layer::dense_axis(width));
    layer.channels_out = channels;
    for step in &mut layer.steps {
        if let Operation::Affine { scale, shift } = &mut step.operation {
            *scale = to_hwc(scale, map).collect();
            *shift = to_hwc(shift, map).collect();
        }
    }
}
