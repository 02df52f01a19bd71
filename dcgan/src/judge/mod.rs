//! How good pictures are, measured against the data they were learned from.
//!
//! The Fréchet distance is usually taken on the features of Inception, which was trained on
//! photographs of 299×299 pixels: it sees little in pictures of 32×32, nothing in grey digits or
//! pixel art, and is fifty times the size of what it would judge. Features of a small classifier
//! that was trained on the data's own labels are those in which the data differ. Distances by
//! different classifiers can't be compared, so each is given as a multiple of its floor: the
//! distance between real pictures and other real pictures.

mod classifier;
mod frechet;
mod neighbours;

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use export::picture::Picture;
use image::{ImageBuffer, Luma, imageops};
use indicatif::ProgressBar;

use crate::data::Dataset;
use crate::random::{self, Purpose};
use crate::values::values;
use classifier::{Classifier, FEATURES};
use frechet::Gaussian;
pub use neighbours::{Neighbours, nearest};

/// Most pictures that a distance is taken on.
const MOST: usize = 5000;
/// Pictures classified at a time.
const BATCH: usize = 250;
/// The blur of the ceiling, in parts of a picture's side.
const BLUR: f32 = 1.0 / 16.0;

/// Judges pictures.
pub struct Judge {
    classifier: Classifier,
    device: Device,
    real: Opinion,
    reference: Gaussian,
    /// Distance of real pictures from as many others.
    pub floor: f64,
    /// Distance of blurred real pictures from as many others.
    pub ceiling: f64,
    /// Pictures that a distance is taken on.
    pub count: usize,
    /// Of each attribute, the part of pictures that the classifier held back and got right.
    pub accuracy: Vec<f64>,
}

/// What the classifier makes of pictures.
struct Opinion {
    features: Vec<f32>,
    /// `frequencies[attribute][class]`
    frequencies: Vec<Vec<f64>>,
    deviation: f64,
}

/// What a judge says of generated pictures.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Fréchet distance to as many real pictures.
    pub frechet: f64,
    /// Deviation of the pictures among themselves, as a multiple of the data's: 1 is as varied,
    /// 0 always the same picture.
    pub diversity: f64,
    /// `frequencies[attribute][class]`, in parts of 1.
    pub frequencies: Vec<Vec<f64>>,
}

impl Judge {
    /// Trains a classifier on the labels of `dataset` and measures floor and ceiling.
    ///
    /// # Errors
    /// If the pictures have no labels.
    pub fn new(dataset: &Dataset, device: &Device, bar: &ProgressBar) -> Result<Self> {
        // Always the same seed: one data set, one judge.
        let classifier = Classifier::train(dataset, 0, device, bar)?;
        let order = random::order(0, Purpose::Order, 0, dataset.len());
        let count = (dataset.len() / 2).min(MOST);
        let (reference, other) = (&order[..count], &order[count..2 * count]);
        let mut judge = Self {
            classifier,
            device: device.clone(),
            real: Opinion { features: vec![], frequencies: vec![], deviation: 0.0 },
            reference: Gaussian::of(&[0.0; 2 * FEATURES], FEATURES),
            floor: 0.0,
            ceiling: 0.0,
            count,
            accuracy: vec![],
        };
        let pictures = |indices: &[usize]| -> Vec<Picture> {
            indices.iter().map(|&i| dataset.picture(i)).collect()
        };
        judge.real = judge.opinion(dataset, &pictures(reference));
        judge.reference = Gaussian::of(&judge.real.features, FEATURES);
        let other = pictures(other);
        let blurred: Vec<Picture> = other.iter().map(blurred).collect();
        judge.floor = judge.distance(dataset, &other);
        judge.ceiling = judge.distance(dataset, &blurred);
        judge.accuracy = judge.accuracy(dataset);
        Ok(judge)
    }

    /// The verdict on generated pictures, about [`Self::count`] of them.
    pub fn judge(&self, dataset: &Dataset, pictures: &[Picture]) -> Verdict {
        let opinion = self.opinion(dataset, pictures);
        Verdict {
            frechet: Gaussian::of(&opinion.features, FEATURES).distance(&self.reference),
            diversity: opinion.deviation / self.real.deviation,
            frequencies: opinion.frequencies,
        }
    }

    /// The frequencies of real pictures, as the classifier sees them.
    pub fn real_frequencies(&self) -> &[Vec<f64>] {
        &self.real.frequencies
    }

    fn distance(&self, dataset: &Dataset, pictures: &[Picture]) -> f64 {
        self.judge(dataset, pictures).frechet
    }

    fn opinion(&self, dataset: &Dataset, pictures: &[Picture]) -> Opinion {
        let mut features = Vec::with_capacity(pictures.len() * FEATURES);
        let mut frequencies: Vec<Vec<f64>> =
            dataset.attributes.iter().map(|a| vec![0.0; a.classes.len()]).collect();
        for batch in pictures.chunks(BATCH) {
            let (found, classes) = self.classify(dataset, tensor(batch, &self.device));
            features.extend(found);
            for row in classes {
                for (attribute, class) in row.into_iter().enumerate() {
                    frequencies[attribute][class] += 1.0 / pictures.len() as f64;
                }
            }
        }
        Opinion { features, frequencies, deviation: deviation(pictures) }
    }

    /// Features, and the class of every attribute of every picture.
    fn classify(&self, dataset: &Dataset, pictures: Tensor<4>) -> (Vec<f32>, Vec<Vec<usize>>) {
        let (features, logits) = self.classifier.forward(pictures);
        let width = logits.dims()[1];
        let logits = values(logits);
        let classes = logits.chunks_exact(width).map(|row| {
            let mut begin = 0;
            let attributes = dataset.attributes.iter().map(|attribute| {
                let part = &row[begin..begin + attribute.classes.len()];
                begin += part.len();
                (0..part.len()).max_by(|&a, &b| part[a].total_cmp(&part[b])).unwrap_or(0)
            });
            attributes.collect()
        });
        (values(features), classes.collect())
    }

    fn accuracy(&self, dataset: &Dataset) -> Vec<f64> {
        let held_back = Classifier::held_back(dataset);
        let mut right = vec![0.0; dataset.attributes.len()];
        for batch in held_back.chunks(BATCH) {
            let (_, classes) = self.classify(dataset, dataset.batch(batch, &self.device));
            for (&picture, row) in batch.iter().zip(classes) {
                for ((right, attribute), class) in
                    right.iter_mut().zip(&dataset.attributes).zip(row)
                {
                    *right += f64::from(u8::from(attribute.values[picture] == class));
                }
            }
        }
        right.iter().map(|right| right / held_back.len() as f64).collect()
    }
}

/// Standard deviation of pictures from their mean, root of the mean over pixels, in grey levels.
pub fn deviation(pictures: &[Picture]) -> f64 {
    let len = pictures[0].pixels.len();
    let mut sums = vec![(0_u64, 0_u64); len];
    for picture in pictures {
        for (sum, &pixel) in sums.iter_mut().zip(&picture.pixels) {
            let pixel = u64::from(pixel);
            *sum = (sum.0 + pixel, sum.1 + pixel * pixel);
        }
    }
    let count = pictures.len() as f64;
    let variance =
        |&(sum, square): &(u64, u64)| square as f64 / count - (sum as f64 / count).powi(2);
    (sums.iter().map(variance).sum::<f64>() / len as f64).sqrt()
}

/// Pictures as the networks take them: in [−1, 1], shape `[n, channels, height, width]`.
fn tensor(pictures: &[Picture], device: &Device) -> Tensor<4> {
    let shape = [pictures.len(), pictures[0].channels, pictures[0].height, pictures[0].width];
    let pixels = pictures.iter().flat_map(|picture| &picture.pixels);
    let values: Vec<f32> = pixels.map(|&p| f32::from(p) / 127.5 - 1.0).collect();
    Tensor::from_data(burn::tensor::TensorData::new(values, shape), device)
}

fn blurred(picture: &Picture) -> Picture {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let sigma = BLUR * picture.width as f32;
    let planes = (0..picture.channels).flat_map(|channel| {
        let plane = picture.plane(channel).to_vec();
        let plane = ImageBuffer::<Luma<u8>, _>::from_raw(width, height, plane);
        imageops::blur(&plane.expect("a plane has a picture's size"), sigma).into_raw()
    });
    Picture { pixels: planes.collect(), ..*picture }
}
