//! Initial weights.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use gen_core::latent::Random;

use crate::random::{self, Purpose};

/// Standard deviation of the paper's initial weights.
pub const DEVIATION: f32 = 0.02;

/// Draws initial weights from N(0, [`DEVIATION`]), as the paper does.
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

    /// The next weights, of `shape`, from N(0, [`DEVIATION`]).
    pub fn draw<const D: usize>(&mut self, shape: [usize; D]) -> Param<Tensor<D>> {
        self.scaled(shape, DEVIATION)
    }

    /// The next weights, of `shape`, from N(0, `deviation`).
    pub fn scaled<const D: usize>(
        &mut self,
        shape: [usize; D],
        deviation: f32,
    ) -> Param<Tensor<D>> {
        let seed = u64::from(self.seeds.next_u32());
        // `seed` already depends on the purpose, so the purpose given here does not matter.
        let mut values = random::normal(seed, Purpose::Generator, 0, shape.iter().product());
        values.iter_mut().for_each(|value| *value *= deviation);
        Param::from_data(TensorData::new(values, shape), &self.device)
    }

    /// Biases: `len` zeros.
    pub fn zeros(&self, len: usize) -> Param<Tensor<1>> {
        Param::from_data(TensorData::new(vec![0.0_f32; len], [len]), &self.device)
    }
}
