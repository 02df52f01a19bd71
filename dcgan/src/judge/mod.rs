//! Measures how good generated pictures are, compared with the training data.
//!
//! The Fréchet distance is usually computed on features of Inception, which was trained on photographs of
//! 299×299 pixels. Inception extracts little from 32×32 pictures and nothing useful from grey digits or pixel
//! art, and it is fifty times the size of the generators judged here. The features used here are those of a
//! small classifier trained on the data's own labels: they capture how the data differ. Distances of
//! different classifiers cannot be compared, so each is reported as a multiple of its floor: the distance
//! between two disjoint sets of real pictures.

mod classifier;
mod manifold;
mod neighbours;

use anyhow::{Result, ensure};
use burn::tensor::{Device, Tensor};
use export::picture::Planes;
use export::picture::frechet::Gaussian;
use image::{ImageBuffer, Luma, imageops};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::data::{Attribute, Dataset};
use crate::random::{self, Purpose};
use crate::values::{self, values};
pub use classifier::Classifier;
use classifier::FEATURES;
pub use manifold::Manifold;
use manifold::Set;
pub use neighbours::{Neighbours, nearest};

/// Most pictures that a distance is computed from.
const MOST: usize = 5000;
/// Fewest pictures that a distance is computed from: a covariance needs more pictures than features.
const FEWEST: usize = 2 * FEATURES;
/// Pictures classified at a time.
const BATCH: usize = 250;
/// Standard deviation of the ceiling's blur, as a fraction of a picture's width.
const BLUR: f32 = 1.0 / 16.0;
/// Seed of the classifier and of the split. It is fixed, so that a data set always has the same judge.
const SEED: u64 = 0;

/// Judges generated pictures by comparing them with a data set.
pub struct Judge {
    predictor: Predictor,
    reference: Gaussian,
    /// The real pictures' features.
    set: Set,
    deviation: f64,
    /// The reference values of the measurements.
    pub scale: Scale,
}

/// Reference values that a judge measures on the data.
#[derive(Clone, Debug, Serialize)]
pub struct Scale {
    /// Number of pictures that a distance is computed from.
    pub count: usize,
    /// Fréchet distance between two disjoint sets of real pictures.
    pub floor: f64,
    /// Fréchet distance between real pictures and blurred real pictures.
    pub ceiling: f64,
    /// How the same number of other real pictures compares with the real ones: what a perfect generator reaches.
    pub manifold: Manifold,
    /// `accuracy[attribute]`: the fraction of held-back pictures that the classifier labels correctly.
    pub accuracy: Vec<f64>,
    /// `frequencies[attribute][class]` of real pictures, as predicted by the classifier.
    pub frequencies: Vec<Vec<f64>>,
}

/// Measured quality of generated pictures.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Fréchet distance to the same number of real pictures.
    pub frechet: f64,
    /// The Fréchet distance as a multiple of [`Scale::floor`].
    pub floors: f64,
    /// How well they lie among real pictures, and cover them.
    pub manifold: Manifold,
    /// Standard deviation of the pictures, as a multiple of the data's: 1 is as varied as the data, 0 is
    /// always the same picture.
    pub diversity: f64,
    /// `frequencies[attribute][class]` as predicted by the classifier, each in 0…1.
    pub frequencies: Vec<Vec<f64>>,
}

impl Judge {
    /// The classifier whose features are compared, and what it tells.
    pub fn classifier(&self) -> (&Classifier, &[Attribute]) {
        (&self.predictor.classifier, &self.predictor.attributes)
    }

    /// Trains a classifier on the labels of `dataset` and measures floor and ceiling.
    ///
    /// # Errors
    ///
    /// If the pictures have no labels, are too few, or are all the same.
    pub fn new(dataset: &Dataset, device: &Device, bar: &ProgressBar) -> Result<Self> {
        ensure!(!dataset.attributes.is_empty(), "the pictures have no labels");
        let (len, fewest) = (dataset.len(), 2 * FEWEST);
        ensure!(len >= fewest, "a judge needs {fewest} labelled pictures, there are {len}");
        let classifier = Classifier::train(dataset, SEED, device, bar);
        let attributes = dataset.attributes.clone();
        let predictor = Predictor { classifier, attributes, device: device.clone() };

        let order = random::order(SEED, Purpose::Order, 0, len);
        let count = (len / 2).min(MOST);
        let pictures = |indices: &[usize]| -> Vec<Planes> {
            indices.iter().map(|&i| dataset.picture(i)).collect()
        };
        let (real, other) = (pictures(&order[..count]), pictures(&order[count..2 * count]));
        let blurred: Vec<Planes> = other.iter().map(blurred).collect();
        let Measured { gaussian: reference, features, frequencies } = predictor.measure(&real);
        let set = Set::new(features, FEATURES);
        let others = predictor.measure(&other);
        let scale = Scale {
            count,
            floor: others.gaussian.distance(&reference),
            ceiling: predictor.measure(&blurred).gaussian.distance(&reference),
            manifold: set.compare(&Set::new(others.features, FEATURES)),
            accuracy: predictor.accuracy(dataset),
            frequencies,
        };
        let deviation = deviation_of(&real);
        ensure!(deviation > 0.0 && scale.floor > 0.0, "the pictures are all the same");
        Ok(Self { predictor, reference, set, deviation, scale })
    }

    /// Measures generated pictures; there should be about [`Scale::count`] of them.
    pub fn judge(&self, pictures: &[Planes]) -> Verdict {
        let Measured { gaussian, features, frequencies } = self.predictor.measure(pictures);
        let frechet = gaussian.distance(&self.reference);
        let floors = frechet / self.scale.floor;
        let manifold = self.set.compare(&Set::new(features, FEATURES));
        let diversity = deviation_of(pictures) / self.deviation;
        Verdict { frechet, floors, manifold, diversity, frequencies }
    }
}

/// A classifier and the attributes that it predicts.
struct Predictor {
    classifier: Classifier,
    attributes: Vec<Attribute>,
    device: Device,
}

/// What some pictures show.
struct Measured {
    /// Mean and covariance of their features.
    gaussian: Gaussian,
    /// Features of one picture after the other, [`FEATURES`] each.
    features: Vec<f32>,
    /// `frequencies[attribute][class]`, as predicted.
    frequencies: Vec<Vec<f64>>,
}

impl Predictor {
    fn measure(&self, pictures: &[Planes]) -> Measured {
        let mut features = Vec::with_capacity(pictures.len() * FEATURES);
        let mut frequencies: Vec<Vec<f64>> =
            self.attributes.iter().map(|a| vec![0.0; a.classes.len()]).collect();
        for batch in pictures.chunks(BATCH) {
            let (found, classes) = self.classify(values::pictures(batch, &self.device));
            features.extend(found);
            for (attribute, class) in classes.into_iter().flat_map(|c| c.into_iter().enumerate()) {
                frequencies[attribute][class] += 1.0 / pictures.len() as f64;
            }
        }
        let gaussian = Gaussian::of(&features, FEATURES);
        Measured { gaussian, features, frequencies }
    }

    /// Features of the pictures, and each picture's predicted class of every attribute.
    fn classify(&self, pictures: Tensor<4>) -> (Vec<f32>, Vec<Vec<usize>>) {
        let (features, logits) = self.classifier.forward(pictures);
        let width = logits.dims()[1];
        let logits = values(logits);
        let classes = logits.chunks_exact(width).map(|row| {
            let mut begin = 0;
            let attributes = self.attributes.iter().map(|attribute| {
                let part = &row[begin..begin + attribute.classes.len()];
                begin += part.len();
                (0..part.len()).max_by(|&a, &b| part[a].total_cmp(&part[b])).unwrap_or(0)
            });
            attributes.collect()
        });
        (values(features), classes.collect())
    }

    /// For each attribute, the fraction of held-back pictures that are classified correctly.
    fn accuracy(&self, dataset: &Dataset) -> Vec<f64> {
        let (held_back, _) = Classifier::split(dataset, SEED);
        let batches = held_back.chunks(BATCH);
        let batches = batches.map(|batch| self.classify(dataset.batch(batch, &self.device)));
        let classes: Vec<Vec<usize>> = batches.flat_map(|(_, classes)| classes).collect();
        let accuracy = |(index, attribute): (usize, &Attribute)| {
            let pairs = held_back.iter().zip(&classes);
            let right = pairs.filter(|&(&i, classes)| attribute.values[i] == classes[index]);
            right.count() as f64 / held_back.len() as f64
        };
        self.attributes.iter().enumerate().map(accuracy).collect()
    }
}

/// Root mean square over pixels of each pixel's standard deviation across `pictures`, in grey levels. Every
/// picture has `len` pixels; there must be at least one picture.
pub fn deviation<'a>(pictures: impl Iterator<Item = &'a [u8]>, len: usize) -> f64 {
    let mut sums = vec![(0_u64, 0_u64); len];
    let mut count = 0.0;
    for picture in pictures {
        count += 1.0;
        for (sum, &pixel) in sums.iter_mut().zip(picture) {
            let pixel = u64::from(pixel);
            *sum = (sum.0 + pixel, sum.1 + pixel * pixel);
        }
    }
    let variance = |&(sum, squares): &(u64, u64)| {
        let mean = sum as f64 / count;
        squares as f64 / count - mean * mean
    };
    (sums.iter().map(variance).sum::<f64>() / len as f64).max(0.0).sqrt()
}

fn deviation_of(pictures: &[Planes]) -> f64 {
    let pixels = pictures.iter().map(|picture| &*picture.pixels);
    deviation(pixels, pictures[0].pixels.len())
}

fn blurred(picture: &Planes) -> Planes {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let sigma = BLUR * picture.width as f32;
    let planes = (0..picture.channels).flat_map(|channel| {
        let plane = picture.plane(channel).to_vec();
        let plane = ImageBuffer::<Luma<u8>, _>::from_raw(width, height, plane);
        imageops::blur(&plane.expect("a plane has a picture's size"), sigma).into_raw()
    });
    Planes { pixels: planes.collect(), ..*picture }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pixels: &[u8]) -> Planes {
        Planes { channels: 1, height: 1, width: pixels.len(), pixels: pixels.to_vec() }
    }

    #[test]
    fn deviations_are_taken_pixel_by_pixel() {
        // The pixels deviate by ±10 and ±30: the root of the mean of 100 and 900.
        let pictures = [picture(&[100, 40]), picture(&[120, 100])];
        assert!((deviation_of(&pictures) - 500_f64.sqrt()).abs() < 1e-9);
        assert_eq!(deviation_of(&[picture(&[7, 200]), picture(&[7, 200])]), 0.0);
    }

    #[test]
    fn blurring_keeps_the_mean_and_takes_the_edges() {
        let checked = (0..256).map(|i| if (i / 16 + i) % 2 == 0 { 200 } else { 0 }).collect();
        let sharp = Planes { channels: 1, height: 16, width: 16, pixels: checked };
        let soft = blurred(&sharp);
        assert!(soft.pixels.iter().all(|pixel| pixel.abs_diff(100) < 40), "{:?}", soft.pixels);
    }
}
