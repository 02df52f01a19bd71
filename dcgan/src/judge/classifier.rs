//! A small classifier of the data's own labels, whose features the judge compares.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use indicatif::ProgressBar;

use crate::data::{Attribute, Dataset};
use crate::init::{self, Weights};
use crate::network::Layer;
use crate::operation::{self, Activation};
use crate::random::{self, Purpose};

/// Number of features of a picture.
pub const FEATURES: usize = 64;
/// Steps of the training.
const STEPS: u64 = 800;
/// Pictures per step.
const BATCH: usize = 64;
/// Adam's learning rate at the first step; it falls to 0.
const RATE: f64 = 2e-3;
/// One picture in this many is held back from the training, to measure accuracy.
const HELD_BACK: usize = 10;
/// Output channels of the first layer.
const WIDTH: usize = 16;

/// Strided convolutions to [`FEATURES`] features, then one logit per class of each attribute.
#[derive(Module, Debug)]
pub struct Classifier {
    layers: Vec<Conv2d>,
    features: Conv2d,
    verdict: Conv2d,
}

impl Classifier {
    fn new(dataset: &Dataset, seed: u64, device: &Device) -> Self {
        let mut weights = Weights::new(seed, Purpose::Classifier, device);
        let mut conv = |input: usize, output: usize, kernel: usize, stride: usize| {
            let padding = stride - 1;
            let layer = Layer { input, output, kernel, stride, padding, output_padding: 0 };
            weights.convolution(&layer, init::he(&layer, 0.0), true)
        };
        let (mut size, mut channels) = (dataset.size, dataset.channels);
        let mut layers = Vec::new();
        while size > 4 {
            let output = (WIDTH << layers.len()).min(FEATURES);
            layers.push(conv(channels, output, 4, 2));
            (size, channels) = (size / 2, output);
        }
        let classes = dataset.attributes.iter().map(|attribute| attribute.classes.len()).sum();
        let features = conv(channels, FEATURES, size, 1);
        Self { layers, features, verdict: conv(FEATURES, classes, 1, 1) }
    }

    /// Trains a classifier on the attributes of `dataset`.
    ///
    /// `dataset` must have at least one attribute and more pictures than a batch.
    pub fn train(dataset: &Dataset, seed: u64, device: &Device, bar: &ProgressBar) -> Self {
        let device = device.clone().autodiff();
        let mut classifier = Self::new(dataset, seed, &device);
        let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
        let (_, learned) = Self::split(dataset, seed);
        let mut order = Vec::new();
        bar.set_length(STEPS);
        for step in 0..STEPS {
            if order.len() < BATCH {
                order = random::order(seed, Purpose::Classifier, step + 1, learned.len());
            }
            let batch = order.split_off(order.len().saturating_sub(BATCH));
            let batch: Vec<usize> = batch.into_iter().map(|i| learned[i]).collect();
            let (_, logits) = classifier.forward(dataset.batch(&batch, &device));
            let loss = loss(logits, &dataset.attributes, &batch);
            let gradients = GradientsParams::from_grads(loss.backward(), &classifier);
            let rate = RATE * (1.0 - step as f64 / STEPS as f64);
            classifier = adam.step(rate, classifier, gradients);
            bar.inc(1);
        }
        classifier.valid()
    }

    /// Features `[n, FEATURES]` and logits `[n, classes of all attributes]` of pictures in
    /// [−1, 1].
    pub fn forward(&self, pictures: Tensor<4>) -> (Tensor<2>, Tensor<2>) {
        let n = pictures.dims()[0];
        let layer = |x, conv: &Conv2d, activation| {
            operation::bias(operation::down(x, conv), &conv.bias, activation)
        };
        let relu = Activation::Rectify(0.0);
        let x = self.layers.iter().fold(operation::maps(pictures), |x, conv| layer(x, conv, relu));
        let features = layer(x, &self.features, relu);
        let logits = layer(features.clone(), &self.verdict, Activation::None);
        let classes = logits.dims()[3];
        (features.reshape([n, FEATURES]), logits.reshape([n, classes]))
    }

    /// All layers, each with whether ReLU follows it. The last one outputs the logits of all attributes.
    pub fn layers(&self) -> impl Iterator<Item = (&Conv2d, bool)> {
        let hidden = self.layers.iter().chain([&self.features]).map(|conv| (conv, true));
        hidden.chain([(&self.verdict, false)])
    }

    /// Indices of the held-back pictures of `dataset`, and of those to learn from. They are drawn at random
    /// because files are often sorted by what they show.
    pub fn split(dataset: &Dataset, seed: u64) -> (Vec<usize>, Vec<usize>) {
        let mut held_back = random::order(seed, Purpose::Order, u64::MAX, dataset.len());
        let learned = held_back.split_off(dataset.len() / HELD_BACK);
        (held_back, learned)
    }
}

/// Cross-entropy loss: the mean over pictures, summed over attributes.
fn loss(logits: Tensor<2>, attributes: &[Attribute], batch: &[usize]) -> Tensor<1> {
    let device = logits.device();
    let mut begin = 0;
    let losses = attributes.iter().map(|attribute| {
        let classes = attribute.classes.len();
        let part = logits.clone().narrow(1, begin, classes);
        begin += classes;
        let truth: Vec<i64> = batch.iter().map(|&i| attribute.values[i] as i64).collect();
        let truth = TensorData::new(truth, [batch.len(), 1]);
        let truth: Tensor<2, Int> = Tensor::from_data(truth, &device);
        log_softmax(part, 1).gather(1, truth).mean().neg()
    });
    losses.reduce(|sum, loss| sum + loss).expect("train checks that there is one")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tract_onnx::prelude::*;

    use super::*;
    use crate::onnx::{self, About};
    use crate::operation::planes;
    use crate::values::values;

    /// The ONNX of a classifier gives its logits.
    #[test]
    fn written_as_onnx() {
        for (size, channels) in [(16, 3), (28, 1)] {
            let attribute = |name: &str, classes: &[&str]| Attribute {
                name: name.into(),
                classes: classes.iter().map(|class| (*class).into()).collect(),
                values: vec![0, 1],
            };
            let attributes =
                vec![attribute("smile", &["0", "1"]), attribute("hat", &["a", "b", "c"])];
            let pixels = (0..2 * channels * size * size).map(|i| (i * i % 251) as u8).collect();
            let name = "none".to_owned();
            let dataset = Dataset { name, channels, size, pixels, attributes };
            let device = crate::device::device();
            let classifier = Classifier::new(&dataset, 1, &device);
            let pictures = dataset.batch(&[0, 1], &device);
            let (_, logits) = classifier.forward(pictures.clone());
            let about =
                About { data: "none".into(), licence: None, steps: 0, seed: 0, condition: None };
            let file = onnx::classifier(&classifier, &dataset.attributes, [channels, size], &about);

            let model = tract_onnx::onnx().model_for_read(&mut Cursor::new(&file)).unwrap();
            let shape = [2, channels, size, size];
            let model = model.with_input_fact(0, f32::fact(shape).into()).unwrap();
            let model = model.into_optimized().unwrap().into_runnable().unwrap();
            let input = values(planes(pictures));
            let input = tract_ndarray::ArrayD::from_shape_vec(&shape[..], input).unwrap();
            let output = model.run(tvec![input.into_tvalue()]).unwrap();
            let output = output[0].to_plain_array_view::<f32>().unwrap();
            assert_eq!(output.shape(), [2, 5]);
            let expected = values(logits);
            assert!(expected[0] != expected[5], "both pictures have the same logits");
            for (found, expected) in output.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-4, "{found} {expected}");
            }
            let text = String::from_utf8_lossy(&file);
            assert!(text.contains("smile: 0, 1; hat: a, b, c"));
        }
    }
}
