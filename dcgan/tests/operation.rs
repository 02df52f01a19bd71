//! The networks' own operations and their gradients, checked against burn's and against differences.

use burn::module::Param;
use burn::nn::BatchNorm;
use burn::tensor::activation::{leaky_relu, relu, tanh};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use dcgan::discriminator::{Discriminator, SLOPE};
use dcgan::generator::Generator;
use dcgan::init::Weights;
use dcgan::network::Network;
use dcgan::operation::{self, Activation, planes, rows};
use dcgan::random::{self, Purpose};
use dcgan::values::values;

/// Pictures of a batch.
const COUNT: usize = 7;

fn networks() -> [Network; 4] {
    let network = |size, channels, kernel| Network {
        size,
        channels,
        latent: 9,
        classes: 0,
        width: 6,
        discriminator_width: 5,
        discriminator_norm: true,
        kernel,
    };
    let plain = Network { discriminator_norm: false, ..network(32, 3, 4) };
    [network(16, 3, 4), network(28, 1, 5), network(32, 3, 5), plain]
}

fn device() -> Device {
    Device::flex().autodiff()
}

fn numbers<const D: usize>(seed: u64, shape: [usize; D]) -> Tensor<D> {
    let numbers = random::normal(seed, Purpose::Order, 0, shape.iter().product());
    Tensor::from_data(TensorData::new(numbers, shape), &device())
}

fn param<const D: usize>(seed: u64, like: &Param<Tensor<D>>) -> Param<Tensor<D>> {
    Param::from_data(numbers(seed, like.val().dims()).into_data(), &device())
}

/// Numbers that are neither 0 nor 1 for all parameters behind the convolutions.
fn fill(norm: &mut Option<BatchNorm>, bias: &mut Option<Param<Tensor<1>>>, seed: u64) {
    if let Some(norm) = norm {
        norm.gamma = param(seed, &norm.gamma);
        norm.beta = param(seed + 1, &norm.beta);
    }
    if let Some(bias) = bias {
        *bias = param(seed, bias);
    }
}

fn generator(network: &Network) -> Generator {
    let mut generator =
        Generator::new(network, &mut Weights::new(1, Purpose::Generator, &device()));
    for (index, layer) in generator.layers.iter_mut().enumerate() {
        fill(&mut layer.norm, &mut layer.conv.bias, 10 * index as u64);
    }
    generator
}

fn discriminator(network: &Network) -> Discriminator {
    let mut weights = Weights::new(2, Purpose::Discriminator, &device());
    let mut discriminator = Discriminator::new(network, false, &mut weights);
    for (index, layer) in discriminator.layers.iter_mut().enumerate() {
        fill(&mut layer.norm, &mut layer.conv.bias, 10 * index as u64);
    }
    discriminator
}

/// [`Generator::forward`] by burn's own operations.
fn drawn_by_burn(generator: &Generator, z: Tensor<2>) -> Tensor<4> {
    let mut x = z.unsqueeze_dims(&[-1, -1]);
    for layer in &generator.layers {
        x = layer.conv.forward(x);
        x = match &layer.norm {
            Some(norm) => relu(norm.forward(x)),
            None => tanh(x),
        };
    }
    rows(x)
}

/// The logits of [`Discriminator::forward`] by burn's own operations.
fn judged_by_burn(discriminator: &Discriminator, pictures: Tensor<4>) -> Tensor<1> {
    let last = discriminator.layers.len() - 1;
    let mut x = planes(pictures);
    for (index, layer) in discriminator.layers.iter().enumerate() {
        x = layer.conv.forward(x);
        if let Some(norm) = &layer.norm {
            x = norm.forward(x);
        }
        x = if index == last { x } else { leaky_relu(x, SLOPE) };
    }
    x.reshape([COUNT])
}

/// The gradients of a layer's parameters.
fn of_layer(
    weight: &Param<Tensor<4>>,
    bias: &Option<Param<Tensor<1>>>,
    norm: &Option<BatchNorm>,
    gradients: &Gradients,
) -> Vec<Vec<f32>> {
    let bias = bias.iter();
    let norm = norm.iter().flat_map(|norm| [&norm.gamma, &norm.beta]);
    let vectors = bias.chain(norm).map(|it| values(it.val().grad(gradients).unwrap()));
    [values(weight.val().grad(gradients).unwrap())].into_iter().chain(vectors).collect()
}

fn of_generator(generator: &Generator, gradients: &Gradients) -> Vec<Vec<f32>> {
    let layers = generator.layers.iter();
    layers.flat_map(|it| of_layer(&it.conv.weight, &it.conv.bias, &it.norm, gradients)).collect()
}

fn of_discriminator(discriminator: &Discriminator, gradients: &Gradients) -> Vec<Vec<f32>> {
    let layers = discriminator.layers.iter();
    layers.flat_map(|it| of_layer(&it.conv.weight, &it.conv.bias, &it.norm, gradients)).collect()
}

/// Fails unless all numbers agree, as a fraction of the largest of each part.
fn agree(found: &[Vec<f32>], expected: &[Vec<f32>], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let largest = expected.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
        assert!(largest > 0.0, "{what}, part {index}: all are 0");
        let pairs = found.iter().zip(expected);
        let far = pairs.fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(far <= tolerance * largest, "{what}, part {index}: {far} of {largest}");
    }
}

#[test]
fn generators_draw_and_learn_as_with_burn() {
    for network in networks() {
        let generator = generator(&network);
        let z = numbers(3, [COUNT, network.latent]).require_grad();
        let [size, channels] = [network.size, network.channels];
        let weight = numbers(4, [COUNT, size, size, channels]);
        let [own, burns] = [generator.forward(z.clone()), drawn_by_burn(&generator, z.clone())]
            .map(|drawn| {
                let gradients = (drawn.clone() * weight.clone()).sum().backward();
                let mut all = of_generator(&generator, &gradients);
                all.push(values(z.grad(&gradients).unwrap()));
                (vec![values(drawn)], all)
            });
        agree(&own.0, &burns.0, 1e-5, "pictures");
        agree(&own.1, &burns.1, 1e-4, "gradients");
    }
}

#[test]
fn discriminators_judge_and_learn_as_with_burn() {
    for network in networks() {
        let discriminator = discriminator(&network);
        let [size, channels] = [network.size, network.channels];
        let pictures = numbers(3, [COUNT, size, size, channels]).require_grad();
        let logits = discriminator.forward(pictures.clone(), None).logits;
        let by_burn = judged_by_burn(&discriminator, pictures.clone());
        let [own, burns] = [logits, by_burn].map(|logits| {
            let gradients = (logits.clone() * numbers(5, [COUNT])).sum().backward();
            let mut all = of_discriminator(&discriminator, &gradients);
            all.push(values(pictures.grad(&gradients).unwrap()));
            (vec![values(logits)], all)
        });
        agree(&own.0, &burns.0, 1e-5, "logits");
        agree(&own.1, &burns.1, 1e-4, "gradients");
    }
}

/// Without gradients, normalisations use the averages that they kept with them, as burn's do.
#[test]
fn averages_are_kept_and_used_as_with_burn() {
    use burn::module::Module;
    for network in networks() {
        let [own, burns] = [false, true].map(|burns| {
            let generator = generator(&network);
            let draw = |generator: &Generator, z: Tensor<2>| {
                if burns { drawn_by_burn(generator, z) } else { generator.forward(z) }
            };
            for seed in 0..3 {
                draw(&generator, numbers(seed, [COUNT, network.latent]));
            }
            let valid = generator.valid();
            let z = numbers(9, [COUNT, network.latent]).without_autodiff();
            vec![values(draw(&valid, z))]
        });
        // burn's averages are of variances with one degree of freedom less.
        agree(&own, &burns, 1e-5, "pictures");
    }
}

/// What an operation computes in place is its own: neither the tensor that others hold changes, nor what lies around a
/// part of one.
#[test]
fn tensors_of_others_stay() {
    for device in [device(), device().without_autodiff()] {
        let x: Tensor<4> = Tensor::from_data(numbers(1, [3, 2, 4, 5]).into_data(), &device);
        let bias: Param<Tensor<1>> = Param::from_data(numbers(2, [5]).into_data(), &device);
        let before = values(x.clone());
        for part in [x.clone(), x.clone().narrow(0, 1, 1), x.clone().permute([1, 0, 2, 3])] {
            let expected = leaky_relu(part.clone() + bias.val().unsqueeze(), SLOPE);
            let activation = Activation::Rectify(SLOPE as f32);
            let found = operation::bias(part, &Some(bias.clone()), activation);
            assert_eq!(found.dims(), expected.dims());
            assert_eq!(values(found), values(expected));
        }
        assert_eq!(values(x), before);
    }
}

/// Gradients are what the loss changes by.
#[test]
fn gradients_are_differences() {
    let network = networks()[0];
    let discriminator = discriminator(&network);
    let generator = generator(&network);
    let z = numbers(3, [COUNT, network.latent]);
    let loss = |generator: &Generator, discriminator: &Discriminator| {
        let logits = discriminator.forward(generator.forward(z.clone()), None).logits;
        (logits * numbers(5, [COUNT])).sum()
    };
    let gradients = loss(&generator, &discriminator).backward();
    // A step along the gradient changes the loss by the square of the gradient's length.
    for (index, layer) in generator.layers.iter().enumerate() {
        let gradient = layer.conv.weight.val().grad(&gradients).unwrap();
        let square: f32 = gradient.clone().square().sum().into_scalar();
        let changed = |by: f32| {
            let mut other = generator.clone();
            let weight = layer.conv.weight.val().detach().without_autodiff();
            let weight = weight + gradient.clone().mul_scalar(by);
            other.layers[index].conv.weight = Param::from_data(weight.into_data(), &device());
            loss(&other, &discriminator).into_scalar::<f32>()
        };
        let step = 1e-3 / square.sqrt();
        let slope = (changed(step) - changed(-step)) / (2.0 * step);
        assert!((slope / square - 1.0).abs() < 0.02, "layer {index}: {slope} for {square}");
    }
}
