//! First weights.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use gen_core::latent::Random;

use crate::random::{self, Purpose};

/// Standard deviation of the paper's first weights.
pub const DEVIATION: f32 = 0.02;

/// Draws first weights: N(0, [`DEVIATION`]), as the paper has it.
pub struct Weights {
    seeds: Random,
    device: Device,
}

impl Weights {
    /// The weights that follow from `seed`, for `purpose`.
    pub fn new(seed: u64, purpose: Purpose, device: &Device) -> Self {
        Self { seeds: random::random(seed, purpose, 0), device: device.clone() }
    }

    /// Where the weights lie.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The next weights, of `shape`, with the paper's deviation.
    pub fn draw<const D: usize>(&mut self, shape: [usize; D]) -> Param<Tensor<D>> {
        self.scaled(shape, DEVIATION)
    }

    /// The next weights, of `shape`: N(0, `deviation`).
    pub fn scaled<const D: usize>(
        &mut self,
        shape: [usize; D],
        deviation: f32,
    ) -> Param<Tensor<D>> {
        let seed = u64::from(self.seeds.next_u32());
        // The seed is already one of this purpose alone.
        let mut values = random::normal(seed, Purpose::Generator, 0, shape.iter().product());
        values.iter_mut().for_each(|value| *value *= deviation);
        Param::from_data(TensorData::new(values, shape), &self.device)
    }

    /// Biases: `len` zeros.
    pub fn zeros(&self, len: usize) -> Param<Tensor<1>> {
        Param::from_data(TensorData::new(vec![0.0_f32; len], [len]), &self.device)
    }
}
