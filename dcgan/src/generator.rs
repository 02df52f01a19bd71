//! The generator: transposed convolutions from a latent to a picture.

use burn::module::{Module, Param};
use burn::nn::conv::{ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Tensor, TensorData};

use crate::condition;
use crate::data::Attribute;
use crate::init::Weights;
use crate::network::{Layer, Network};
use crate::operation::{self, Activation};
use crate::random::{self, Purpose};

/// Batches of latents on which the BatchNorm statistics of an averaged generator are measured.
const BATCHES: u64 = 32;
/// Latents in each of these batches.
const BATCH: usize = 64;

/// Transposed convolutions, each followed by BatchNorm and ReLU, the last by Tanh alone.
#[derive(Module, Debug)]
pub struct Generator {
    /// Layers from the latent to the picture.
    pub layers: Vec<Up>,
}

/// A transposed convolution and the BatchNorm after it.
#[derive(Module, Debug)]
pub struct Up {
    /// The transposed convolution. It has a bias only where no BatchNorm would cancel it.
    pub conv: ConvTranspose2d,
    /// BatchNorm; `None` in the last layer.
    pub norm: Option<BatchNorm>,
}

impl Generator {
    /// An untrained generator.
    pub fn new(network: &Network, weights: &mut Weights) -> Self {
        let layers = network.generator();
        let last = layers.len() - 1;
        let up = layers.iter().enumerate().map(|(i, layer)| Up::new(layer, i == last, weights));
        Self { layers: up.collect() }
    }

    /// Number of elements of a latent, its class included.
    pub fn inputs(&self) -> usize {
        self.layers[0].conv.channels[0]
    }

    /// [`Self::forward`] of concatenated latents, on the generator's own device.
    pub fn draw(&self, z: Vec<f32>) -> Tensor<4> {
        let shape = [z.len() / self.inputs(), self.inputs()];
        let device = self.layers[0].conv.weight.val().device();
        self.forward(Tensor::from_data(TensorData::new(z, shape), &device))
    }

    /// Pictures in [−1, 1], shape `[n, size, size, channels]`, from latents of shape
    /// `[n, latent]`.
    pub fn forward(&self, z: Tensor<2>) -> Tensor<4> {
        let [n, latent] = z.dims();
        let mut x = z.reshape([1, 1, n, latent]);
        for layer in &self.layers {
            x = operation::up(x, &layer.conv);
            if let Some(norm) = &layer.norm {
                x = operation::norm(x, norm, 0.0);
            }
            x = operation::bias(x, &layer.conv.bias, Activation::Tanh);
        }
        operation::pictures(x)
    }

    /// Moves the weights towards those of `newer` by the fraction `1 − keep`: an exponential moving average
    /// over steps (Yazıcı et al. 2019, arXiv 1806.04498). BatchNorm statistics are not averaged;
    /// [`Self::settled`] measures them again.
    pub fn average(&mut self, newer: &Self, keep: f64) {
        for (old, new) in self.layers.iter_mut().zip(&newer.layers) {
            blend(&mut old.conv.weight, &new.conv.weight, keep);
            if let (Some(old), Some(new)) = (&mut old.conv.bias, &new.conv.bias) {
                blend(old, new, keep);
            }
            if let (Some(old), Some(new)) = (&mut old.norm, &new.norm) {
                blend(&mut old.gamma, &new.gamma, keep);
                blend(&mut old.beta, &new.beta, keep);
            }
        }
    }

    /// This generator with BatchNorm statistics measured for its weights: the mean over batches of latents of
    /// their own. The running statistics of the training lag behind the weights. `condition`: what a conditional generator
    /// draws by, as often as in the data.
    pub fn settled(&self, condition: Option<&Attribute>, seed: u64) -> Self {
        let mut settling = self.clone().train();
        let classes = condition.map_or(0, |it| it.classes.len());
        let len = BATCH * (self.inputs() - classes);
        for batch in 0..BATCHES {
            for norm in settling.layers.iter_mut().filter_map(|layer| layer.norm.as_mut()) {
                // Momentum 1/k for the k-th batch makes the running statistics the mean over all batches.
                norm.momentum = 1.0 / (batch + 1) as f64;
            }
            let noise = random::normal(seed, Purpose::Statistics, batch, len);
            let classes = condition.map(|it| it.draw(seed, batch, BATCH));
            settling.draw(condition::latents(noise, classes.as_ref()));
        }
        settling.valid()
    }
}

impl Up {
    fn new(layer: &Layer, is_output: bool, weights: &mut Weights) -> Self {
        let [kernel, stride, padding, output_padding] =
            [layer.kernel, layer.stride, layer.padding, layer.output_padding].map(|n| [n, n]);
        let mut conv = ConvTranspose2dConfig::new([layer.input, layer.output], kernel)
            .with_stride(stride)
            .with_padding(padding)
            .with_padding_out(output_padding)
            .with_bias(false)
            .init(weights.device());
        conv.weight = weights.draw([layer.input, layer.output, layer.kernel, layer.kernel]);
        conv.bias = is_output.then(|| weights.zeros(layer.output));
        let norm = BatchNormConfig::new(layer.output);
        Self { conv, norm: (!is_output).then(|| norm.init(weights.device())) }
    }
}

/// Moves `old` towards `new` by the fraction `1 − keep`.
fn blend<const D: usize>(old: &mut Param<Tensor<D>>, new: &Param<Tensor<D>>, keep: f64) {
    let new = new.val().without_autodiff().mul_scalar(1.0 - keep);
    *old = Param::initialized(old.id, old.val().mul_scalar(keep) + new);
}
