//! The training loop's body: one step of the discriminator, then one of the generator.

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::{sigmoid, softplus};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::condition::{self, Classes};
use crate::data::Attribute;
use crate::discriminator::Discriminator;
use crate::generator::Generator;
use crate::init::Weights;
use crate::options::Options;
use crate::random::{self, Purpose};

/// Root mean square over pictures of how far they are moved to measure the [`penalty`].
const PENALTY_STEP: f32 = 0.5;

/// The two networks, their optimisers and the generator's moving average.
pub struct Trainer {
    /// The settings of the training.
    pub options: Options,
    /// Number of steps done.
    pub step: u64,
    /// The generator.
    pub generator: Generator,
    /// The discriminator.
    pub discriminator: Discriminator,
    /// Moving average of the generator's weights over steps, without gradients. This is the generator that is
    /// shown and exported.
    pub average: Generator,
    /// The generator's Adam optimiser and its state.
    pub generator_adam: ModuleOptimizer,
    /// The discriminator's Adam optimiser and its state.
    pub discriminator_adam: ModuleOptimizer,
    /// What a conditional generator draws by.
    pub condition: Option<Attribute>,
    /// Standard deviation of the data, in the networks' range of [−1, 1].
    deviation: f32,
    /// The device on which [`Self::step`] expects real pictures.
    pub device: Device,
}

/// Measurements of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The discriminator's loss, on real and generated pictures together, without the penalty.
    pub discriminator: f32,
    /// The generator's loss.
    pub generator: f32,
    /// Mean probability that the discriminator gives real pictures.
    pub real: f32,
    /// Mean probability that the discriminator gives generated pictures, before its own step.
    pub drawn: f32,
    /// Diversity of the generated batch: root mean square over pixels of each pixel's standard deviation, as a
    /// fraction of the data's.
    pub diversity: f32,
}

impl Trainer {
    /// Untrained networks. `condition`: what conditional ones draw by; `deviation`: standard deviation of the data, in the
    /// networks' range of [−1, 1].
    pub fn new(
        options: Options,
        condition: Option<&Attribute>,
        deviation: f32,
        device: &Device,
    ) -> Self {
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
            condition: condition.cloned(),
            deviation,
            device,
            step: 0,
            options,
        }
    }

    /// Trains both networks for one step on the `real` pictures, in [−1, 1]. `classes`: those of the pictures, if the
    /// networks are conditional; pictures are drawn by the same ones.
    pub fn step(&mut self, real: Tensor<4>, classes: Option<&Classes>) -> Progress {
        let options = self.options;
        let [n, ..] = real.dims();
        let len = n * options.network.latent;
        let noise = random::normal(options.seed, Purpose::Latents, self.step, len);
        let drawn = self.generator.draw(condition::latents(noise, classes));
        let classes = classes.map(|it| it.tensor(&self.device));
        let classes = classes.as_ref();

        let on_real = self.discriminator.forward(real.clone(), classes).logits;
        let on_drawn = self.discriminator.forward(drawn.clone().detach(), classes).logits;
        // One-sided label smoothing (Salimans et al. 2016, section 3.4): only the label of real pictures
        // changes.
        let smooth = f64::from(options.smooth);
        let real_loss =
            is_real(&on_real).mul_scalar(1.0 - smooth) + is_drawn(&on_real).mul_scalar(smooth);
        let loss = real_loss + is_drawn(&on_drawn);
        let mut penalized = loss.clone();
        let gamma = options.r1 * options.r1_every as f32;
        if gamma > 0.0
            && self.step.is_multiple_of(options.r1_every)
            && let Some(penalty) = penalty(&self.discriminator.still(), &real, classes, gamma)
        {
            penalized = penalized + penalty;
        }
        let gradients = GradientsParams::from_grads(penalized.backward(), &self.discriminator);
        let rate = f64::from(options.rate) * options.annealing(self.step);
        let ratio = f64::from(options.rate_ratio);
        let discriminator = self.discriminator.clone();
        self.discriminator = self.discriminator_adam.step(rate * ratio, discriminator, gradients);

        // `no_grad`: gradients of the discriminator would be discarded. `valid().train()`: a plain clone
        // would share the BatchNorm statistics and count this batch a second time.
        let frozen = self.discriminator.valid().train().no_grad();
        let scores = frozen.forward(drawn.clone(), classes);
        let generator_loss = if options.feature_matching {
            let target = frozen.forward(real, classes).features.mean_dim(0).detach();
            (scores.features.mean_dim(0) - target).square().mean()
        } else {
            is_real(&scores.logits)
        };
        let gradients = GradientsParams::from_grads(generator_loss.backward(), &self.generator);
        let generator = self.generator.clone();
        self.generator = self.generator_adam.step(rate, generator, gradients);
        self.step += 1;
        // A long average would still contain the random initial weights in the first steps.
        let young = (1 + self.step) as f64 / (10 + self.step) as f64;
        self.average.average(&self.generator, f64::from(options.ema).min(young));

        Progress {
            discriminator: loss.into_scalar(),
            generator: generator_loss.into_scalar(),
            real: sigmoid(on_real).mean().into_scalar(),
            drawn: sigmoid(on_drawn).mean().into_scalar(),
            diversity: drawn.var(0).mean().sqrt().into_scalar::<f32>() / self.deviation,
        }
    }

    /// The averaged generator with BatchNorm statistics of its own, for pictures and export.
    pub fn averaged(&self) -> Generator {
        self.average.settled(self.condition.as_ref(), self.options.seed)
    }
}

/// Adam with the paper's betas; the learning rate is given at each step.
pub fn adam() -> ModuleOptimizer {
    AdamConfig::new().with_beta_1(0.5).with_beta_2(0.999).with_epsilon(1e-8).init()
}

/// A loss whose gradient for the weights, but not whose value, is that of the R1 penalty: γ/2 times the mean over `real` pictures x of
/// ‖∇D(x)‖². `None` if all these gradients are 0.
///
/// With v = ∇D(x) held fixed, it is the gradient of γ/2ε times the mean of D(x + εv) − D(x − εv) for a small ε. So no
/// gradient of a gradient is needed.
///
/// *source*: Mescheder et al. 2018 (arXiv 1801.04406), section 4.1.
pub fn penalty(
    discriminator: &Discriminator,
    real: &Tensor<4>,
    classes: Option<&Tensor<2>>,
    gamma: f32,
) -> Option<Tensor<1>> {
    let pictures = real.clone().detach().require_grad();
    let logits = discriminator.clone().no_grad().forward(pictures.clone(), classes).logits;
    let gradients = logits.sum().backward();
    let slopes = Tensor::from_inner(pictures.grad(&gradients)?);
    let count = real.dims()[0] as f32;
    let length = (slopes.clone().square().sum().into_scalar::<f32>() / count).sqrt();
    if length == 0.0 {
        return None;
    }
    let step = PENALTY_STEP / length;
    let moved = slopes.mul_scalar(step);
    let [above, below] = [real.clone() + moved.clone(), real.clone() - moved]
        .map(|pictures| discriminator.forward(pictures, classes).logits.mean());
    Some((above - below).mul_scalar(gamma / (2.0 * step)))
}

/// Mean of −log of the probability that pictures are real; numerically stable for any logit.
fn is_real(logits: &Tensor<1>) -> Tensor<1> {
    softplus(logits.clone().neg(), 1.0).mean()
}

/// Mean of −log of the probability that pictures are generated.
fn is_drawn(logits: &Tensor<1>) -> Tensor<1> {
    softplus(logits.clone(), 1.0).mean()
}
