//! The discriminator: strided convolutions from a picture to a logit.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::Tensor;

use crate::init::{self, DEVIATION, Weights};
use crate::minibatch::Minibatch;
use crate::network::Network;
use crate::operation::{self, Activation};

/// Slope of LeakyReLU for negative inputs.
pub const SLOPE: f64 = 0.2;

/// Strided convolutions; LeakyReLU after every layer but the last, and BatchNorm before it in all but the first if
/// [`Network::discriminator_norm`].
#[derive(Module, Debug)]
pub struct Discriminator {
    /// Layers from the picture to the logit.
    pub layers: Vec<Down>,
    /// Minibatch discrimination, if the training uses it.
    pub minibatch: Option<Minibatch>,
}

/// A convolution and the BatchNorm after it.
#[derive(Module, Debug)]
pub struct Down {
    /// The convolution. It has a bias only where no BatchNorm would cancel it.
    pub conv: Conv2d,
    /// BatchNorm; always `None` after the first and the last layer.
    pub norm: Option<BatchNorm>,
}

/// The discriminator's output for a batch.
pub struct Scores {
    /// Features of the last hidden layer, `[n, rows, columns, channels]`.
    pub features: Tensor<4>,
    /// Logits, `[n]`: above 0 if the discriminator takes the picture for real.
    pub logits: Tensor<1>,
}

impl Discriminator {
    /// An untrained discriminator, with minibatch discrimination if `minibatch`.
    pub fn new(network: &Network, minibatch: bool, weights: &mut Weights) -> Self {
        let layers = network.discriminator();
        let last = layers.len() - 1;
        let down = layers.iter().enumerate().map(|(index, layer)| {
            let has_norm = network.discriminator_norm && index != 0 && index != last;
            // Without BatchNorm, weights of the paper's deviation would shrink the maps from layer to layer.
            let deviation =
                if network.discriminator_norm { DEVIATION } else { init::he(layer, SLOPE as f32) };
            let conv = weights.convolution(layer, deviation, !has_norm);
            let norm = BatchNormConfig::new(layer.output);
            Down { conv, norm: has_norm.then(|| norm.init(weights.device())) }
        });
        let layers = down.collect();
        let features = network.features().iter().product();
        Self { layers, minibatch: minibatch.then(|| Minibatch::new(features, weights)) }
    }

    /// This discriminator, whose normalisations keep the averages that they have.
    pub fn still(&self) -> Self {
        let mut still = self.clone();
        for norm in still.layers.iter_mut().filter_map(|layer| layer.norm.as_mut()) {
            norm.momentum = 0.0;
        }
        still
    }

    /// Features and logits of pictures in [−1, 1], shape `[n, size, size, channels]`. `classes`: those of the pictures
    /// for a conditional network, one-hot, `[n, classes]`. What a class adds to the logit is linear in the features, as
    /// in Miyato & Koyama 2018 (arXiv 1802.05637).
    pub fn forward(&self, pictures: Tensor<4>, classes: Option<&Tensor<2>>) -> Scores {
        let [n, ..] = pictures.dims();
        let (last, hidden) = self.layers.split_last().expect("every network has layers");
        let mut x = operation::maps(pictures);
        for layer in hidden {
            x = operation::down(x, &layer.conv);
            if let Some(norm) = &layer.norm {
                x = operation::norm(x, norm, SLOPE);
            }
            x = operation::bias(x, &layer.conv.bias, Activation::Rectify(SLOPE as f32));
        }
        let terms = operation::down(x.clone(), &last.conv);
        let terms = operation::bias(terms, &last.conv.bias, Activation::None);
        let [.., count] = terms.dims();
        let terms: Tensor<2> = terms.reshape([n, count]);
        let mut logits: Tensor<1> = terms.clone().narrow(1, 0, 1).reshape([n]);
        if let Some(classes) = classes {
            let chosen = terms.narrow(1, 1, count - 1) * classes.clone();
            logits = logits + chosen.sum_dim(1).reshape([n]);
        }
        let features = operation::pictures(x);
        if let Some(minibatch) = &self.minibatch {
            // In the order of an ONNX: channels, rows, columns.
            logits = logits + minibatch.forward(operation::planes(features.clone()).flatten(1, 3));
        }
        Scores { features, logits }
    }
}
