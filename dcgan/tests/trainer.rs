//! Each part of a training step, checked against its definition in the literature.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use dcgan::condition::Classes;
use dcgan::data::Attribute;
use dcgan::discriminator::Discriminator;
use dcgan::generator::Generator;
use dcgan::init::Weights;
use dcgan::network::Network;
use dcgan::options::Options;
use dcgan::preset::Preset;
use dcgan::random::{self, Purpose};
use dcgan::trainer::{Trainer, penalty};
use dcgan::values::values;

const NETWORK: Network = Network {
    size: 16,
    channels: 1,
    latent: 8,
    classes: 0,
    width: 4,
    discriminator_width: 4,
    discriminator_norm: true,
    kernel: 4,
};

fn trainer(ema: f32) -> Trainer {
    let options = Options {
        network: NETWORK,
        seed: 1,
        batch: 8,
        rate: 1e-3,
        rate_ratio: 0.5,
        annealed: None,
        smooth: 0.0,
        r1: 0.0,
        r1_every: 1,
        ema,
        feature_matching: false,
        minibatch_discrimination: false,
    };
    Trainer::new(options, None, 1.0, &dcgan::device::device())
}

fn weights(generator: &Generator) -> Vec<f32> {
    generator.layers.iter().flat_map(|layer| values(layer.conv.weight.val())).collect()
}

/// One step against random pictures.
fn step(trainer: &mut Trainer) {
    let pixels = random::normal(3, Purpose::Order, trainer.step, 8 * 16 * 16);
    let real = TensorData::new(pixels, [8, 16, 16, 1]);
    trainer.step(Tensor::from_data(real, &trainer.device), None);
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn first_weights_are_normal_with_deviation_0_02() {
    let device = dcgan::device::device();
    let mut weights = Weights::new(1, Purpose::Generator, &device);
    let drawn = values(weights.draw([100, 100, 4, 4]).val());
    let n = drawn.len() as f32;
    let mean = drawn.iter().sum::<f32>() / n;
    let deviation = (drawn.iter().map(|w| w * w).sum::<f32>() / n).sqrt();
    assert!(mean.abs() < 2e-4, "{mean}");
    assert!((deviation / 0.02 - 1.0).abs() < 0.01, "{deviation}");
    let beyond = drawn.iter().filter(|w| w.abs() > 0.04).count() as f32 / n;
    assert!((beyond - 0.0455).abs() < 0.003, "{beyond} beyond two deviations");
}

/// Adam's first step moves each weight by the learning rate, against the sign of its gradient (Kingma and Ba
/// 2015, section 2).
#[test]
fn both_networks_learn_at_their_rates() {
    let mut trainer = trainer(0.0);
    let first = weights(&trainer.generator);
    let judges = |t: &Trainer| values(t.discriminator.layers[1].conv.weight.val());
    let first_judges = judges(&trainer);
    step(&mut trainer);
    let moved = largest_difference(&first, &weights(&trainer.generator));
    assert!((moved / 1e-3 - 1.0).abs() < 1e-3, "the generator by {moved}");
    let moved = largest_difference(&first_judges, &judges(&trainer));
    assert!((moved / 5e-4 - 1.0).abs() < 1e-3, "the discriminator by {moved}");
}

/// The moving average is exponential, and shorter in the first steps.
#[test]
fn averages_are_of_the_steps() {
    let mut averaging = trainer(0.5);
    let mut expected = weights(&averaging.average);
    for done in 1..=12 {
        step(&mut averaging);
        let keep = f32::min(0.5, (1 + done) as f32 / (10 + done) as f32);
        let newer = weights(&averaging.generator);
        expected
            .iter_mut()
            .zip(newer)
            .for_each(|(old, new)| *old = keep * *old + (1.0 - keep) * new);
    }
    assert!(largest_difference(&expected, &weights(&averaging.average)) < 1e-6);
    assert!(largest_difference(&expected, &weights(&averaging.generator)) > 1e-4);
}

/// A settled generator's BatchNorm statistics are the mean and variance of its own activations.
#[test]
fn settling_takes_the_mean_over_latents() {
    let mut trainer = trainer(0.9);
    step(&mut trainer);
    let settled = trainer.average.settled(None, 1);
    let layer = &settled.layers[0];
    let (mut means, mut variances) = (vec![0.0; 8], vec![0.0; 8]);
    for batch in 0..32 {
        let z = random::normal(1, Purpose::Statistics, batch, 64 * 8);
        let z = Tensor::<4>::from_data(TensorData::new(z, [64, 8, 1, 1]), &dcgan::device::device());
        let activations = layer.conv.forward(z).swap_dims(0, 1).flatten::<2>(1, 3);
        let (variance, mean) = activations.var_mean_bias(1);
        means.iter_mut().zip(values(mean)).for_each(|(sum, mean)| *sum += mean / 32.0);
        variances.iter_mut().zip(values(variance)).for_each(|(sum, var)| *sum += var / 32.0);
    }
    let norm = layer.norm.as_ref().unwrap();
    assert!(largest_difference(&values(norm.running_mean.value()), &means) < 1e-6);
    let found = values(norm.running_var.value());
    for (found, variance) in found.iter().zip(variances) {
        // Biased and unbiased variances differ by 1/1024: a batch has 1024 activations per channel.
        assert!((found / variance - 1.0).abs() < 2e-3, "{found} for {variance}");
    }
    // Settling leaves the trained generator unchanged.
    let trained = trainer.generator.valid().layers[0].norm.as_ref().unwrap().running_mean.value();
    assert!(largest_difference(&values(trained), &means) > 1e-6);
}

/// The penalty's gradient for the weights is that of γ/2 · E‖∇D(x)‖², measured by differences.
#[test]
fn penalties_are_on_gradients() {
    let trainer = trainer(0.0);
    let device = &trainer.device;
    let pixels = random::normal(3, Purpose::Order, 0, 8 * 16 * 16);
    let real = Tensor::<4>::from_data(TensorData::new(pixels, [8, 16, 16, 1]), device);
    let gamma = 0.7;
    // First weights of 0.02 hardly have gradients. With such biases all activations are in their linear part: where
    // they bend, differences have no limit.
    let mut discriminator = trainer.discriminator.clone();
    let mut weights = Weights::new(4, Purpose::Discriminator, device);
    for layer in &mut discriminator.layers {
        layer.conv.weight = weights.scaled(layer.conv.weight.val().dims(), 0.2);
        let norm = layer.norm.iter_mut().map(|norm| &mut norm.beta);
        for bias in layer.conv.bias.iter_mut().chain(norm) {
            let ten = bias.val().without_autodiff().zeros_like().add_scalar(10.0);
            *bias = Param::from_data(ten.into_data(), device);
        }
    }
    let squares = |discriminator: &Discriminator| {
        let pictures = real.clone().require_grad();
        let logits = discriminator.still().forward(pictures.clone(), None).logits;
        let slopes = pictures.grad(&logits.sum().backward()).unwrap();
        slopes.square().sum().into_scalar::<f32>() / 8.0 * gamma / 2.0
    };
    let loss = penalty(&discriminator.still(), &real, None, gamma).unwrap();
    let value = loss.clone().into_scalar::<f32>() / 2.0 / squares(&discriminator);
    assert!((value - 1.0).abs() < 0.01, "{value}");
    let gradients = loss.backward();
    for index in 0..discriminator.layers.len() {
        let weight = discriminator.layers[index].conv.weight.val();
        let gradient = weight.grad(&gradients).unwrap();
        let length = gradient.clone().square().sum().sqrt().into_scalar::<f32>();
        let moved = |by: f32| {
            let mut other = discriminator.clone();
            let weight = weight.clone().without_autodiff();
            let weight = weight + gradient.clone().mul_scalar(by / length);
            other.layers[index].conv.weight = Param::from_data(weight.into_data(), device);
            squares(&other)
        };
        let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
        assert!((slope / length - 1.0).abs() < 0.02, "layer {index}: {length}, not {slope}");
    }
}

/// A penalty every second step is twice as heavy, and the steps between have none.
#[test]
fn penalties_can_be_rare() {
    let trained = |r1: f32, r1_every: u64, last: f32| {
        let mut trainer = trainer(0.0);
        trainer.options = Options { r1, r1_every, ..trainer.options };
        step(&mut trainer);
        trainer.options.r1 = last;
        step(&mut trainer);
        values(trainer.discriminator.layers[1].conv.weight.val())
    };
    assert_eq!(trained(0.5, 2, 0.5), trained(1.0, 1, 0.0));
    assert_ne!(trained(0.5, 2, 0.5), trained(1.0, 1, 1.0));
    assert_ne!(trained(0.5, 2, 0.5), trained(0.0, 1, 0.0));
}

/// Statistics are those of classes as frequent as in the data.
#[test]
fn settling_has_the_classes_of_the_data() {
    let device = dcgan::device::device();
    let network = Network { classes: 2, ..NETWORK };
    let mut weights = Weights::new(1, Purpose::Generator, &device.clone().autodiff());
    let generator = Generator::new(&network, &mut weights);
    let mean = |values: Vec<usize>| {
        let classes = vec!["no".to_owned(), "yes".to_owned()];
        let condition = Attribute { name: "hat".into(), classes, values };
        let settled = generator.settled(Some(&condition), 1);
        dcgan::values::values(settled.layers[0].norm.as_ref().unwrap().running_mean.value())
    };
    let often = |of_20: usize| mean((0..2000).map(|it| usize::from(it % 20 < of_20)).collect());
    let (never, rare, always) = (often(0), often(1), often(20));
    for (index, rare) in rare.iter().enumerate() {
        // Noise is the same in all three, so the mean is linear in the frequency.
        let share = (rare - never[index]) / (always[index] - never[index]);
        assert!((share - 0.05).abs() < 0.02, "{share}");
    }
}

/// The number of threads changes no bit: neither of the weights nor of what is logged.
#[test]
fn threads_change_nothing() {
    let network = Preset::Micro128k.network(32, 3, 0);
    let trained = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut trainer = trainer(0.9);
            trainer.options.network = network;
            trainer.options.network.classes = 3;
            trainer.options.r1 = 0.5;
            let mut trainer = Trainer::new(trainer.options, None, 1.0, &dcgan::device::device());
            let classes = Some(Classes::new((0..64).map(|it| it % 3).collect(), 3));
            let progress: Vec<_> = (0..3)
                .map(|step| {
                    let pixels = random::normal(3, Purpose::Order, step, 64 * 32 * 32 * 3);
                    let real = TensorData::new(pixels, [64, 32, 32, 3]);
                    trainer.step(Tensor::from_data(real, &trainer.device), classes.as_ref())
                })
                .collect();
            let weights: Vec<u32> = [&trainer.generator, &trainer.average]
                .into_iter()
                .flat_map(weights)
                .map(f32::to_bits)
                .collect();
            (progress, weights)
        })
    };
    let one = trained(1);
    for threads in [2, 3, 4] {
        assert!(trained(threads) == one, "{threads} threads");
    }
}
