//! Initial weights.

use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor, TensorData};
use gen_core::latent::Random;

use crate::network::Layer;
use crate::random::{self, Purpose};

/// Standard deviation of the paper's initial weights.
pub const DEVIATION: f32 = 0.02;

/// Draws normal initial weights of mean 0; [`DEVIATION`] is the paper's standard deviation.
pub struct Weights {
    seeds: Random,
    device: Device,
}

impl Weights {
    /// A source of the weights that follow from `seed`, for `purpose`.
    pub fn new(seed: u64, purpose: Purpose, device: &Device) -> Self {
        Self { seeds: random::random(seed, purpose, 0), device: device.clone() }
    }

    /// The device on which the weights are allocated.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The next weights, of `shape`, with standard deviation [`DEVIATION`].
    pub fn draw<const D: usize>(&mut self, shape: [usize; D]) -> Param<Tensor<D>> {
        self.scaled(shape, DEVIATION)
    }

    /// The next weights, of `shape`, with standard deviation `deviation`.
    pub fn scaled<const D: usize>(
        &mut self,
        shape: [usize; D],
        deviation: f32,
    ) -> Param<Tensor<D>> {
        let seed = u64::from(self.seeds.next_u32());
        // `seed` already depends on the purpose. Another constant here would change the weights of every seed.
        let mut values = random::normal(seed, Purpose::Generator, 0, shape.iter().product());
        values.iter_mut().for_each(|value| *value *= deviation);
        Param::from_data(TensorData::new(values, shape), &self.device)
    }

    /// A convolution of the shape of `layer`: the next weights, with standard deviation `deviation`, and zeros
    /// as biases if `has_bias`.
    pub fn convolution(&mut self, layer: &Layer, deviation: f32, has_bias: bool) -> Conv2d {
        let &Layer { input, output, kernel, stride, padding: p, .. } = layer;
        let mut conv = Conv2dConfig::new([input, output], [kernel, kernel])
            .with_stride([stride, stride])
            .with_padding(PaddingConfig2d::Explicit(p, p, p, p))
            .with_bias(false)
            .init(&self.device);
        conv.weight = self.scaled([output, input, kernel, kernel], deviation);
        conv.bias = has_bias.then(|| self.zeros(output));
        conv
    }

    /// Biases: `len` zeros.
    pub fn zeros(&self, len: usize) -> Param<Tensor<1>> {
        Param::from_data(TensorData::new(vec![0.0_f32; len], [len]), &self.device)
    }
}

/// Standard deviation of initial weights with which maps keep their size from layer to layer. `slope`: that of the
/// LeakyReLU behind the layer; 0 is ReLU.
///
/// *source*: He et al. 2015 (arXiv 1502.01852), section 2.2.
pub fn he(layer: &Layer, slope: f32) -> f32 {
    let inputs = (layer.input * layer.kernel * layer.kernel) as f32;
    (2.0 / (1.0 + slope * slope) / inputs).sqrt()
}
