//! Features of pictures, computed by a classifier, for the Fréchet distance.

use crate::onnx::input::{Input, data_type};
use crate::onnx::run::Onnx;
use crate::onnx::shape::sizes;
use crate::onnx::source::Source;
use crate::parallel;
use crate::picture::Planes;
use crate::picture::frechet::Gaussian;
use crate::picture::pixel_rule::PixelRule;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::path::Path;
use tract_onnx::pb::tensor_proto::DataType;

/// An ONNX network that computes features of pictures.
pub struct Classifier {
    path: String,
    onnx: Onnx,
    /// Whether its input has the order NHWC instead of NCHW.
    interleaved: bool,
    pixels: PixelRule,
}

/// Squared Fréchet distances from the float network's pictures, in the features of a classifier.
#[derive(Clone, Debug, Serialize)]
pub struct Frechet {
    /// Number of features of a picture.
    pub features: usize,
    /// Distance of the `.gen`'s pictures of the same latents.
    pub device: f64,
    /// Distance of the float network's pictures of as many other latents, for comparison.
    pub others: f64,
}

impl Classifier {
    /// Loads the ONNX at `path`. Its input are pictures of height, width and channels `image`, float32 of shape
    /// `[n, C, H, W]` or `[n, H, W, C]`, with values by `pixels`. Its first output are the features.
    ///
    /// # Errors
    ///
    /// If its input is another, or tract can't run it.
    pub fn load(path: &Path, image: [usize; 3], pixels: PixelRule) -> Result<Self> {
        let source = Source::load(path)?;
        let path = path.display().to_string();
        let graph = source.proto.graph.as_ref().with_context(|| path.clone())?;
        let is_given = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
        let inputs: Vec<_> = graph.input.iter().filter(|it| !is_given(&it.name)).collect();
        let ([declared], [output, ..]) = (&inputs[..], &graph.output[..]) else {
            anyhow::bail!(
                "{path}: has {} inputs and {} outputs: a classifier takes only pictures and gives features",
                inputs.len(),
                graph.output.len()
            );
        };
        let shape = sizes(declared).with_context(|| path.clone())?;
        let [height, width, channels] = image;
        let interleaved = shape == [1, height, width, channels];
        let fits = interleaved || shape == [1, channels, height, width];
        ensure!(
            fits && data_type(declared) == Some(DataType::Float),
            "{path}: takes {shape:?}, and not pictures in float32, [n, {channels}, {height}, {width}] or \
             [n, {height}, {width}, {channels}]"
        );
        let input = Input::new((*declared).clone(), shape);
        let input = Input { elements: 0..height * width * channels, ..input };
        let onnx = Onnx::new(&source, vec![input], &[&output.name])?;
        Ok(Self { path, onnx, interleaved, pixels })
    }

    /// Mean and covariance of the features of `pictures`, at least two. `done` is called after each picture.
    ///
    /// # Errors
    ///
    /// If tract can't run the classifier, or a feature is not finite.
    pub fn look(&self, pictures: &[Planes], done: &(dyn Fn() + Sync)) -> Result<Gaussian> {
        let rows = parallel::map(pictures.len(), |index| {
            let picture = &pictures[index];
            let pixels = if self.interleaved { &picture.interleaved() } else { &picture.pixels };
            let values: Vec<f32> = pixels.iter().map(|it| self.pixels.value(*it)).collect();
            let features =
                self.onnx.run(&values).with_context(|| self.path.clone())?.swap_remove(0);
            ensure!(
                !features.is_empty() && features.iter().all(|value| value.is_finite()),
                "{}: a feature is NaN or infinite: choose another output or network",
                self.path
            );
            done();
            Ok(features)
        })?;
        Ok(Gaussian::of(&rows.concat(), rows[0].len()))
    }
}
