//! The discriminator: strided convolutions from a picture to a logit.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::Tensor;
use burn::tensor::activation::leaky_relu;

use crate::init::Weights;
use crate::minibatch::Minibatch;
use crate::network::{Layer, Network};

/// Slope of LeakyReLU below 0.
pub const SLOPE: f64 = 0.2;

/// LeakyReLU behind every layer but the last; BatchNorm before it in all but the first.
#[derive(Module, Debug)]
pub struct Discriminator {
    /// From the picture to the logit.
    pub layers: Vec<Down>,
    /// What compares the pictures of a batch, if anything does.
    pub minibatch: Option<Minibatch>,
}

/// A convolution and the BatchNorm behind it.
#[derive(Module, Debug)]
pub struct Down {
    /// The weights; a bias only where no BatchNorm would cancel it.
    pub conv: Conv2d,
    /// None behind the first layer and the last.
    pub norm: Option<BatchNorm>,
}

/// What the discriminator makes of a batch.
pub struct Verdict {
    /// Features before the logit, `[n, channels, rows, columns]`.
    pub features: Tensor<4>,
    /// Above 0 where a picture is held for real, `[n]`.
    pub logits: Tensor<1>,
}

impl Discriminator {
    /// A discriminator before its training, comparing the pictures of a batch if `minibatch`.
    pub fn new(network: &Network, minibatch: bool, weights: &mut Weights) -> Self {
        let layers = network.discriminator();
        let last = layers.len() - 1;
        let down = layers.iter().enumerate().map(|(i, layer)| Down::new(layer, i, last, weights));
        let layers = down.collect();
        let features = network.features().iter().product();
        Self { layers, minibatch: minibatch.then(|| Minibatch::new(features, weights)) }
    }

    /// The verdict on pictures in [−1, 1], shape `[n, channels, size, size]`.
    pub fn forward(&self, pictures: Tensor<4>) -> Verdict {
        let [n, ..] = pictures.dims();
        let (last, hidden) = self.layers.split_last().expect("every network has layers");
        let mut x = pictures;
        for layer in hidden {
            x = layer.conv.forward(x);
            if let Some(norm) = &layer.norm {
                x = norm.forward(x);
            }
            x = leaky_relu(x, SLOPE);
        }
        let mut logits = last.conv.forward(x.clone()).reshape([n]);
        if let Some(minibatch) = &self.minibatch {
            logits = logits + minibatch.forward(x.clone().flatten(1, 3));
        }
        Verdict { features: x, logits }
    }
}

impl Down {
    fn new(layer: &Layer, index: usize, last: usize, weights: &mut Weights) -> Self {
        let has_norm = index != 0 && index != last;
        let [kernel, stride] = [layer.kernel, layer.stride].map(|n| [n, n]);
        let p = layer.padding;
        let mut conv = Conv2dConfig::new([layer.input, layer.output], kernel)
            .with_stride(stride)
            .with_padding(PaddingConfig2d::Explicit(p, p, p, p))
            .with_bias(false)
            .init(weights.device());
        conv.weight = weights.draw([layer.output, layer.input, layer.kernel, layer.kernel]);
        conv.bias = (!has_norm).then(|| weights.zeros(layer.output));
        let norm = BatchNormConfig::new(layer.output);
        Self { conv, norm: has_norm.then(|| norm.init(weights.device())) }
    }
}
