//! The chain of layers as it grows: each layer reads the one before it; the first ones may all read the latent.

use crate::import::node::Node;
use crate::import::view::{Origin, View};
use crate::network::operation::Step;
use crate::network::{KERNEL_LIMIT, Layer, fold};
use crate::onnx::shape::ELEMENT_LIMIT;
use anyhow::{Result, bail, ensure};
use gen_core::axis::{Axis, Convolution};
use gen_core::format::DIMENSION_LIMIT;

/// The layers so far.
pub(crate) struct Chain {
    /// First to last.
    pub(crate) layers: Vec<Layer>,
    /// Elements of the latent.
    pub(crate) latent_len: usize,
    /// How many layers read the latent: the first ones.
    first: usize,
}

impl Chain {
    /// No layers yet, on a latent of `latent_len` elements.
    pub(crate) fn new(latent_len: usize) -> Self {
        Self { layers: Vec::new(), latent_len, first: 0 }
    }

    /// Adds a dense layer that reads the latent and gives `output`: height, width, channels.
    pub(crate) fn push_first(&mut self, node: Node, output: [usize; 3], weights: Vec<f32>) {
        self.layers.push(Layer::dense(node.name(), self.latent_len, output, weights));
        self.first += 1;
    }

    /// Takes layer `index`, which reads the latent, out of the chain.
    pub(crate) fn remove_first(&mut self, index: usize) {
        self.layers.remove(index);
        self.first -= 1;
    }

    /// Whether layer `index` reads the latent.
    pub(crate) fn reads_latent(&self, index: usize) -> bool {
        index < self.first
    }

    /// Whether all layers read the latent: no layer reads another yet.
    pub(crate) fn all_read_latent(&self) -> bool {
        self.first == self.layers.len()
    }

    /// Whether `view` shows the latent, or a first layer while no layer reads another.
    pub(crate) fn is_first(&self, view: &View) -> bool {
        match view.origin {
            Origin::Latent => true,
            Origin::Layer(index) => self.reads_latent(index) && self.all_read_latent(),
        }
    }

    /// Whether `view` shows a single pixel: the latent's, or a dense layer's before it became a map.
    pub(crate) fn is_point(&self, view: &View) -> bool {
        match view.origin {
            Origin::Latent => true,
            Origin::Layer(index) => self.layers[index].output()[..2] == [1, 1],
        }
    }

    /// Whether layer `index` is the newest.
    pub(crate) fn is_newest(&self, index: usize) -> bool {
        index + 1 == self.layers.len()
    }

    /// The newest layer's whole output.
    pub(crate) fn newest(&self) -> View {
        let index = self.layers.len() - 1;
        let steps = self.layers[index].steps.clone();
        View { steps, ..View::of_layer(index, self.layers[index].output()) }
    }

    /// Gives the layer that `view` shows the view's steps, since `node` reads it as the next layer. Returns the index of
    /// the layer to read.
    ///
    /// # Errors
    /// If another layer reads it already, or it stands beside another one.
    pub(crate) fn close(&mut self, node: Node, view: &View) -> Result<usize> {
        let Origin::Layer(index) = view.origin else {
            bail!(node.refuse("latents must go through a layer first"));
        };
        ensure!(
            self.is_newest(index),
            node.refuse(
                "the graph branches here: another layer reads its input too; only one layer after the other can be \
                 converted"
            )
        );
        ensure!(
            index == 0 || !self.reads_latent(index),
            node.refuse(
                "the latents go through another layer too: put both beside each other by Concat"
            )
        );
        check_map(node, self.layers[index].output())?;
        self.finish(node, index, view.steps.clone())
    }

    /// Gives layer `index`, the newest, its steps. Steps that one epilogue cannot do go to further layers that change
    /// nothing else. Returns the index of the last of them.
    pub(crate) fn finish(&mut self, node: Node, index: usize, steps: Vec<Step>) -> Result<usize> {
        let mut runs = fold::epilogues(steps).into_iter();
        self.layers[index].steps = runs.next().unwrap_or_default();
        for steps in runs {
            let layer = identity(node, self.layers[self.layers.len() - 1].output(), steps)?;
            self.layers.push(layer);
        }
        Ok(self.layers.len() - 1)
    }
}

/// A layer that gives its input, of height, width and channels, after `steps`.
fn identity(node: Node, [height, width, channels]: [usize; 3], steps: Vec<Step>) -> Result<Layer> {
    let convolution = Convolution::Plain;
    let axis = |side| Axis { convolution, input: side, output: side, kernel: 1, stride: 1, pad: 0 };
    ensure!(
        channels * channels <= ELEMENT_LIMIT,
        node.refuse(format!("follows activations of {channels} channels: too many"))
    );
    let weight = |i: usize| f32::from(u8::from(i.is_multiple_of(channels + 1)));
    let weights = (0..channels * channels).map(weight).collect();
    let name = steps.first().map_or("", |step| &step.node);
    let layer = Layer::convolution(name, [axis(height), axis(width)], [channels; 2], weights);
    Ok(Layer { steps, ..layer })
}

/// Refuses maps, of height, width and channels, that no `.gen` file can hold.
pub(crate) fn check_map(node: Node, map: [usize; 3]) -> Result<()> {
    let [height, width, channels] = map;
    let fits = map.iter().all(|side| (1..=DIMENSION_LIMIT).contains(side));
    ensure!(
        fits && channels * height * width <= ELEMENT_LIMIT,
        node.refuse(format!("gives {channels}×{height}×{width} elements, out of range"))
    );
    Ok(())
}

/// Refuses dense layers from `channels_in` features to `map`, of height, width and channels, that no `.gen` file can
/// hold: the kernel of such a layer is as large as the map.
pub(crate) fn check_dense(node: Node, channels_in: usize, map: [usize; 3]) -> Result<()> {
    check_map(node, map)?;
    let [height, width, channels] = map;
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
