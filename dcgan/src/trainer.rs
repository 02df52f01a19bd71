//! The training: one step of the discriminator and one of the generator at a time.

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::{sigmoid, softplus};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::discriminator::Discriminator;
use crate::generator::Generator;
use crate::init::Weights;
use crate::options::Options;
use crate::random::{self, Purpose};

/// Two networks, their optimisers, and the generator's average.
pub struct Trainer {
    /// What the training was asked to do.
    pub options: Options,
    /// Steps done.
    pub step: u64,
    /// Draws.
    pub generator: Generator,
    /// Tells drawn pictures from real ones.
    pub discriminator: Discriminator,
    /// The generator averaged over steps, without gradients: what is shown and shipped.
    pub average: Generator,
    /// State of the generator's Adam.
    pub generator_adam: ModuleOptimizer,
    /// State of the discriminator's Adam.
    pub discriminator_adam: ModuleOptimizer,
    device: Device,
}

/// What a step was like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The discriminator's loss, real and drawn pictures together.
    pub discriminator: f32,
    /// The generator's loss.
    pub generator: f32,
    /// Mean probability given to real pictures.
    pub real: f32,
    /// Mean probability given to drawn pictures, before the discriminator's step.
    pub drawn: f32,
    /// Diversity of the drawn batch: its standard deviation, root of the mean over pixels.
    pub diversity: f32,
}

impl Trainer {
    /// Networks before their first step.
    pub fn new(options: Options, device: &Device) -> Self {
        let device = device.clone().autodiff();
        let seed = options.seed;
        let mut weights = Weights::new(seed, Purpose::Generator, &device);
        let generator = Generator::new(&options.network, &mut weights);
        let mut weights = Weights::new(seed, Purpose::Discriminator, &device);
        let minibatch = options.minibatch_discrimination;
        let discriminator = Discriminator::new(&options.network, minibatch, &mut weights);
        Self {
            average: generator.valid(),
            generator,
            discriminator,
            generator_adam: adam(),
            discriminator_adam: adam(),
            device,
            step: 0,
            options,
        }
    }

    /// Where real pictures are to lie.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// One step of both, against the `real` pictures in [−1, 1].
    pub fn step(&mut self, real: Tensor<4>) -> Progress {
        let options = self.options;
        let [n, ..] = real.dims();
        let len = n * options.network.latent;
        let z = random::normal(options.seed, Purpose::Latents, self.step, len);
        let drawn = self.generator.draw(z);

        let on_real = self.discriminator.forward(real.clone()).logits;
        let on_drawn = self.discriminator.forward(drawn.clone().detach()).logits;
        // One-sided label smoothing (Salimans et al. 2016, section 3.4): only the real label.
        let smooth = f64::from(options.smooth);
        let real_loss =
            is_real(&on_real).mul_scalar(1.0 - smooth) + is_drawn(&on_real).mul_scalar(smooth);
        let loss = real_loss + is_drawn(&on_drawn);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.discriminator);
        let rate = f64::from(options.rate) * options.annealing(self.step);
        let ratio = f64::from(options.rate_ratio);
        let discriminator = self.discriminator.clone();
        self.discriminator = self.discriminator_adam.step(rate * ratio, discriminator, gradients);

        // The discriminator's gradients would be thrown away: they aren't computed. Nor does this
        // batch count a second time in its statistics, which a mere clone would share.
        let frozen = self.discriminator.valid().train().no_grad();
        let verdict = frozen.forward(drawn.clone());
        let generator_loss = if options.feature_matching {
            let target = frozen.forward(real).features.mean_dim(0).detach();
            (verdict.features.mean_dim(0) - target).square().mean()
        } else {
            is_real(&verdict.logits)
        };
        let gradients = GradientsParams::from_grads(generator_loss.backward(), &self.generator);
        let generator = self.generator.clone();
        self.generator = self.generator_adam.step(rate, generator, gradients);
        self.step += 1;
        // Early on a long average would be one of noise.
        let young = (1 + self.step) as f64 / (10 + self.step) as f64;
        self.average.average(&self.generator, f64::from(options.ema).min(young));

        let probability = |logits: Tensor<1>| scalar(sigmoid(logits).mean());
        Progress {
            discriminator: scalar(loss),
            generator: scalar(generator_loss),
            real: probability(on_real),
            drawn: probability(on_drawn),
            diversity: scalar(drawn.var(0).mean().sqrt()),
        }
    }

    /// The generator to be shown and shipped.
    pub fn shown(&self) -> Generator {
        self.average.settled(self.options.seed)
    }
}

/// Adam as the paper has it, but for the rate.
pub fn adam() -> ModuleOptimizer {
    AdamConfig::new().with_beta_1(0.5).with_beta_2(0.999).with_epsilon(1e-8).init()
}

/// Mean of −log of the probability that pictures are real: stable for any logit.
fn is_real(logits: &Tensor<1>) -> Tensor<1> {
    softplus(logits.clone().neg(), 1.0).mean()
}

/// Mean of −log of the probability that pictures are drawn.
fn is_drawn(logits: &Tensor<1>) -> Tensor<1> {
    softplus(logits.clone(), 1.0).mean()
}

fn scalar(tensor: Tensor<1>) -> f32 {
    tensor.into_scalar()
}
