//! The chain of layers as it grows.

use crate::import::constant::tensor::ELEMENT_LIMIT;
use crate::import::view::{Origin, View};
use crate::import::{KERNEL_LIMIT, Node, Walk};
use crate::network::{Kind, Layer, Step};
use anyhow::{Result, bail, ensure};
use gen_core::axis::{Axis, Convolution};
use gen_core::format::DIMENSION_LIMIT;

impl Walk<'_> {
    pub(crate) fn push(
        &mut self,
        node: Node,
        kind: Kind,
        [rows, columns]: [Axis; 2],
        channels_in: usize,
        channels_out: usize,
        weights: Vec<f32>,
    ) {
        self.layers.push(Layer {
            name: node.name().to_owned(),
            kind,
            rows,
            columns,
            channels_in,
            channels_out,
            weights,
            steps: Vec::new(),
        });
    }

    /// The newest layer's output.
    pub(crate) fn newest(&self) -> View {
        let index = self.layers.len() - 1;
        let steps = self.layers[index].steps.clone();
        View { steps, ..View::of_layer(index, self.layers[index].output()) }
    }

    /// The layer that `view` shows, with the view's steps as its own: it is read by the next one.
    pub(crate) fn close(&mut self, node: Node, view: &View) -> Result<usize> {
        let newest = self.layers.len().checked_sub(1);
        let Origin::Layer(index) = view.origin else {
            bail!(node.refuse("latents must go through a layer first"));
        };
        ensure!(
            newest == Some(index),
            node.refuse(
                "the graph branches here: what it reads goes through another layer too; only one layer \
                 behind the other can be converted"
            )
        );
        ensure!(
            index == 0 || !self.on_latent(index),
            node.refuse(
                "the latents go through another layer too: put both beside each other by Concat"
            )
        );
        let [height, width, channels] = self.layers[index].output();
        check_map(node, [channels, height, width])?;
        self.finish(node, index, view.steps.clone())
    }

    /// Whether a layer reads the latent.
    pub(crate) fn on_latent(&self, index: usize) -> bool {
        index < self.first
    }

    /// Gives the newest layer its steps; those that one epilogue cannot do go to layers that do nothing
    /// else. Gives the last of them.
    pub(crate) fn finish(&mut self, node: Node, index: usize, steps: Vec<Step>) -> Result<usize> {
        let mut runs = crate::network::fold::epilogues(steps).into_iter();
        self.layers[index].steps = runs.next().unwrap_or_default();
        for steps in runs {
            let before = &self.layers[self.layers.len() - 1];
            let [height, width, channels] = before.output();
            let axis = |input| Axis {
                convolution: Convolution::Plain,
                input,
                output: input,
                kernel: 1,
                stride: 1,
                pad: 0,
            };
            let fits = channels * channels <= ELEMENT_LIMIT;
            ensure!(
                fits,
                node.refuse(format!("stands behind activations of {channels} channels: too many"))
            );
            let weights =
                (0..channels * channels).map(|i| f32::from(u8::from(i % (channels + 1) == 0)));
            self.layers.push(Layer {
                name: steps.first().map_or_else(String::new, |step| step.node.clone()),
                kind: Kind::Plain,
                rows: axis(height),
                columns: axis(width),
                channels_in: channels,
                channels_out: channels,
                weights: weights.collect(),
                steps,
            });
        }
        Ok(self.layers.len() - 1)
    }
}

/// Refuses maps that no `.gen` file can hold.
pub(crate) fn check_map(node: Node, [channels, height, width]: [usize; 3]) -> Result<()> {
    let fits = [channels, height, width].iter().all(|side| (1..=DIMENSION_LIMIT).contains(side));
    ensure!(
        fits && channels * height * width <= ELEMENT_LIMIT,
        node.refuse(format!("gives {channels}×{height}×{width} elements, out of range"))
    );
    Ok(())
}

/// Refuses dense layers from `channels_in` to `map` that no `.gen` file can hold: their kernel is
/// the map's size, whatever it was in the graph.
pub(crate) fn check_dense(node: Node, channels_in: usize, map: [usize; 3]) -> Result<()> {
    check_map(node, map)?;
    let [channels, height, width] = map;
    ensure!(
        height <= KERNEL_LIMIT && width <= KERNEL_LIMIT,
        node.refuse(format!(
            "makes one element {height}×{width}, possible: up to {KERNEL_LIMIT}×{KERNEL_LIMIT}"
        ))
    );
    let weights = (channels * height * width).saturating_mul(channels_in);
    ensure!(
        weights <= ELEMENT_LIMIT,
        node.refuse(format!(
            "needs {weights} weights, one for each of {channels_in} inputs and \
             {channels}×{height}×{width} features, possible: {ELEMENT_LIMIT}"
        ))
    );
    Ok(())
}
