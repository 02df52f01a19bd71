//! What a classifier sees in pictures.

use crate::onnx::input::{Input, data_type};
use crate::onnx::run::Onnx;
use crate::onnx::shape::sizes;
use crate::onnx::source::Source;
use crate::parallel;
use crate::picture::Picture;
use crate::picture::frechet::Gaussian;
use crate::picture::pixel_rule::PixelRule;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::path::Path;
use tract_onnx::pb::tensor_proto::DataType;

/// A network that gives features of pictures.
pub struct Classifier {
    path: String,
    onnx: Onnx,
    /// Whether it takes the channels of a pixel together.
    interleaved: bool,
    pixels: PixelRule,
}

/// Squared Fréchet distances of pictures from the float network's, in what a classifier sees.
#[derive(Clone, Debug, Serialize)]
pub struct Frechet {
    /// Values that the classifier gives of a picture.
    pub features: usize,
    /// Of the `.gen`'s pictures of the same latents.
    pub device: f64,
    /// Of the float network's own, as many, of other latents.
    pub others: f64,
}

impl Classifier {
    /// The ONNX at `path`. It takes pictures of height, width and channels `image`, `[n, C, H, W]` or
    /// `[n, H, W, C]`, whose values are by `pixels`; its first output is what it sees.
    ///
    /// # Errors
    /// If it takes something else, or tract can't run it.
    pub fn load(path: &Path, image: [usize; 3], pixels: PixelRule) -> Result<Self> {
        let source = Source::load(path)?;
        let path = path.display().to_string();
        let graph = source.proto.graph.as_ref().with_context(|| path.clone())?;
        let is_given = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
        let inputs: Vec<_> = graph.input.iter().filter(|it| !is_given(&it.name)).collect();
        let ([declared], [output, ..]) = (&inputs[..], &graph.output[..]) else {
            anyhow::bail!(
                "{path}: has {} inputs and {} outputs: a classifier takes pictures alone and gives features",
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
        let input = Input {
            declared: (*declared).clone(),
            shape,
            elements: 0..height * width * channels,
            number: false,
            guessed: false,
            fixed: None,
        };
        let onnx = Onnx::new(&source, vec![input], &[&output.name])?;
        Ok(Self { path, onnx, interleaved, pixels })
    }

    /// What it sees in pictures, at least two; `done` is called after each.
    ///
    /// # Errors
    /// If tract can't run it, or it gives what is no number.
    pub fn look(&self, pictures: &[Picture], done: &(dyn Fn() + Sync)) -> Result<Gaussian> {
        let rows = parallel::split(pictures.len(), |range| {
            let mut rows = Vec::new();
            for picture in &pictures[range] {
                let pixels =
                    if self.interleaved { &picture.interleaved() } else { &picture.pixels };
                let values: Vec<f32> = pixels.iter().map(|it| self.pixels.value(*it)).collect();
                let seen = self.onnx.run(&values).with_context(|| self.path.clone())?;
                let seen = &seen[0];
                ensure!(
                    !seen.is_empty() && seen.iter().all(|value| value.is_finite()),
                    "{}: gives what is no number: choose another output or network",
                    self.path
                );
                rows.extend_from_slice(seen);
                done();
            }
            Ok(rows)
        })?;
        let rows = rows.concat();
        Ok(Gaussian::of(&rows, rows.len() / pictures.len()))
    }
}
