//! The networks' ONNX files, run by tract, give the same outputs as in training.

use std::io::Cursor;
use std::path::Path;

use ::export::onnx::source::Source;
use ::export::pipeline::{Options, export};
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use clap::ValueEnum;
use dcgan::condition::{self, Classes};
use dcgan::data::Attribute;
use dcgan::discriminator::Discriminator;
use dcgan::generator::Generator;
use dcgan::init::Weights;
use dcgan::network::Network;
use dcgan::onnx::{self, About};
use dcgan::operation::planes;
use dcgan::preset::Preset;
use dcgan::random::{self, Purpose};
use dcgan::rules::{self, Role};
use dcgan::values::values;
use tract_onnx::prelude::*;

const SMALL: Network = Network {
    size: 16,
    channels: 3,
    latent: 6,
    classes: 0,
    width: 2,
    discriminator_width: 3,
    discriminator_norm: true,
    kernel: 4,
};

fn about() -> About {
    let licence = Some("CC0 1.0".into());
    About { data: "none".into(), licence, steps: 7, seed: 3, condition: None }
}

/// Output of an ONNX file in tract, for inputs and their shapes.
fn run(file: &[u8], inputs: &[(&[f32], &[usize])]) -> Vec<f32> {
    let mut model = tract_onnx::onnx().model_for_read(&mut Cursor::new(file)).unwrap();
    for (index, (_, shape)) in inputs.iter().enumerate() {
        model.set_input_fact(index, f32::fact(*shape).into()).unwrap();
    }
    let model = model.into_optimized().unwrap().into_runnable().unwrap();
    let value = |(input, shape): &(&[f32], &[usize])| {
        tract_ndarray::ArrayD::from_shape_vec(*shape, input.to_vec()).unwrap().into_tvalue()
    };
    let output = model.run(inputs.iter().map(value).collect()).unwrap();
    output[0].to_plain_array_view::<f32>().unwrap().iter().copied().collect()
}

fn assert_close(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    let largest = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < 1e-4, "differ by {largest}");
    // Otherwise a network with a constant output would pass.
    let (low, high) = a.iter().fold((f32::MAX, f32::MIN), |(l, h), &x| (l.min(x), h.max(x)));
    assert!(high - low > 1e-3, "all values lie between {low} and {high}");
}

/// Checks both networks, with weights large enough for the outputs to differ from picture to picture.
fn check(network: &Network, minibatch: bool) {
    let device = dcgan::device::device().autodiff();
    let mut weights = Weights::new(5, Purpose::Generator, &device);
    let mut generator = Generator::new(network, &mut weights);
    let mut discriminator = Discriminator::new(network, minibatch, &mut weights);
    for conv in generator.layers.iter_mut().map(|layer| &mut layer.conv) {
        conv.weight = weights.scaled(conv.weight.val().dims(), 0.2);
    }
    for conv in discriminator.layers.iter_mut().map(|layer| &mut layer.conv) {
        conv.weight = weights.scaled(conv.weight.val().dims(), 0.1);
    }
    if let Some(minibatch) = &mut discriminator.minibatch {
        minibatch.weights = weights.scaled(minibatch.weights.val().dims(), 1.0);
    }
    let n = 3;
    let z = random::normal(1, Purpose::Latents, 0, n * network.latent);
    let count = network.classes;
    let classes = (count > 0).then(|| Classes::new((1..=n).map(|it| it % count).collect(), count));
    let all = condition::latents(z.clone(), classes.as_ref());
    let latents = TensorData::new(all, [n, network.latent + count]);
    let latents = Tensor::from_data(latents, &device);
    let labels = classes.as_ref().map(Classes::one_hot).unwrap_or_default();
    let given = classes.as_ref().map(|it| it.tensor(&device));
    let condition = (count > 0).then(|| {
        let names = (0..count).map(|it| it.to_string()).collect();
        Attribute { name: "label".into(), classes: names, values: (0..count).collect() }
    });
    // Statistics other than the initial ones.
    let settled = generator.settled(condition.as_ref(), 1);
    discriminator.forward(generator.forward(latents.clone()), given.as_ref());
    let discriminator = discriminator.valid();
    let images = settled.forward(latents.without_autodiff());
    let [_, h, w, c] = images.dims();

    let file = onnx::generator(&settled, network, &about());
    let drawn = values(planes(images.clone()));
    let inputs = [(&z[..], &[n, network.latent, 1, 1][..]), (&labels, &[n, count, 1, 1])];
    let used = if count > 0 { 2 } else { 1 };
    assert_close(&run(&file, &inputs[..used]), &drawn);
    assert_rules(&file, Role::Generator, &[]);
    let file = onnx::discriminator(&discriminator, network, &about());
    let given = given.map(Tensor::without_autodiff);
    let logits = discriminator.forward(images, given.as_ref()).logits;
    let real = values(burn::tensor::activation::sigmoid(logits));
    let inputs = [(&drawn[..], &[n, c, h, w][..]), (&labels, &[n, count])];
    assert_close(&run(&file, &inputs[..used]), &real);
    let norm = ["BatchNorm behind every layer but the first and the output"];
    let broken = if network.discriminator_norm { &norm[..0] } else { &norm };
    assert_rules(&file, Role::Discriminator, broken);
}

/// Checks the metadata, and that the network breaks the `expected` rules of the paper and no others.
fn assert_rules(file: &[u8], role: Role, expected: &[&str]) {
    let source = Source::decode(Path::new("file.onnx"), file).unwrap();
    let (found, findings) = rules::check(&source).unwrap();
    assert_eq!(found, role);
    let broken = findings.iter().filter(|finding| !finding.broken.is_empty());
    assert_eq!(broken.map(|finding| finding.rule).collect::<Vec<_>>(), expected, "{findings:?}");
    let metadata = |key| source.metadata(key);
    assert_eq!(
        [metadata("licence"), metadata("steps"), metadata("seed")].map(Option::unwrap),
        ["CC0 1.0", "7", "3"]
    );
}

#[test]
fn every_size_and_kernel() {
    for (size, kernel, channels) in [(16, 4, 1), (28, 5, 1), (28, 4, 3), (32, 5, 3), (128, 4, 3)] {
        check(&Network { size, channels, kernel, ..SMALL }, false);
    }
}

#[test]
fn without_norm_in_the_discriminator() {
    check(&Network { discriminator_norm: false, ..SMALL }, true);
}

#[test]
fn by_class() {
    check(&Network { classes: 3, ..SMALL }, false);
    check(&Network { classes: 3, ..SMALL }, true);
}

#[test]
fn comparing_a_batch() {
    check(&SMALL, true);
}

#[test]
fn the_paper_s_network() {
    let network = Preset::Paper64.network(64, 3, 0);
    let device = dcgan::device::device();
    let mut weights = Weights::new(5, Purpose::Generator, &device);
    let generator = Generator::new(&network, &mut weights);
    // 100·1024·16 + 1024·512·25 + 512·256·25 + 256·128·25 + 128·3·25, biases and statistics.
    let weights: usize =
        generator.layers.iter().map(|layer| layer.conv.weight.val().shape().num_elements()).sum();
    assert_eq!(weights, 1_638_400 + 13_107_200 + 3_276_800 + 819_200 + 9_600);
    let file = onnx::generator(&generator, &network, &about());
    assert_rules(&file, Role::Generator, &[]);
    let z = random::normal(1, Purpose::Latents, 0, 100);
    let drawn = generator.forward(Tensor::from_data(TensorData::new(z.clone(), [1, 100]), &device));
    let (found, expected) = (run(&file, &[(&z, &[1, 100, 1, 1])]), values(planes(drawn)));
    assert_eq!(found.len(), 3 * 64 * 64);
    let largest = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < 1e-4, "differ by {largest}");
}

/// Bytes of the firmware without its model: 80,972 on the Pico, as printed by `cargo xtask firmware pico`.
const APPLICATION: usize = 84_000;

#[test]
fn micro_presets_fit_their_flash() {
    let all = Preset::value_variants().iter();
    let sizes = all.flat_map(|preset| match preset {
        Preset::Micro128k | Preset::Micro256k => vec![(preset, 32), (preset, 28)],
        _ => vec![(preset, 64)],
    });
    for (preset, size) in sizes {
        let Some(flash) = preset.flash() else { continue };
        let network = preset.network(size, 3, 0);
        let device = dcgan::device::device();
        let mut weights = Weights::new(5, Purpose::Generator, &device);
        let generator = Generator::new(&network, &mut weights);
        let file = onnx::generator(&generator, &network, &about());
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("generator.onnx");
        std::fs::write(&path, &file).unwrap();
        let options = Options { calibrate: 2, compare: 1, ..Default::default() };
        let length = export(&path, &options, &|| ()).unwrap().gen_file.len();
        let used = length + APPLICATION;
        assert!(used <= flash, "{preset:?}: {used} of {flash} bytes");
        // The preset fills at least 5/6 of its device's flash.
        assert!(used * 6 / 5 > flash, "{preset:?}, {size}: only {used} of {flash} bytes");
    }
}
