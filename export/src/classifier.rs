//! What a classifier sees in pictures.

use crate::frechet::Gaussian;
use crate::import::sizes;
use crate::input::Input;
use crate::load::Source;
use crate::picture::Picture;
use crate::pixels::PixelRule;
use crate::runner::Onnx;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::path::Path;

/// A network that gives features of pictures.
pub struct Classifier {
    source: Source,
    input: Input,
    /// Whether it takes the channels of a pixel together.
    interleaved: bool,
    pixels: PixelRule,
}

/// The squared Fréchet distance of pictures from the float network's, in what a classifier sees.
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
    /// If it takes something else.
    pub fn load(path: &Path, image: [usize; 3], pixels: PixelRule) -> Result<Self> {
        let source = Source::load(path)?;
        let file = || path.display().to_string();
        let graph = source.proto.graph.as_ref().with_context(file)?;
        let is_given = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
        let inputs: Vec<_> = graph.input.iter().filter(|it| !is_given(&it.name)).collect();
        let [declared] = inputs[..] else {
            anyhow::bail!(
                "{}: has {} inputs, a classifier takes pictures alone",
                file(),
                inputs.len()
            );
        };
        let shape = sizes(declared).with_context(file)?;
        let [height, width, channels] = image;
        let interleaved = shape == [1, height, width, channels];
        ensure!(
            interleaved || shape == [1, channels, height, width],
            "{}: takes {:?}, and not pictures {height}×{width}×{channels}",
            file(),
            &shape[1..]
        );
        let input = Input {
            declared: declared.clone(),
            shape,
            elements: 0..height * width * channels,
            number: false,
            guessed: false,
            fixed: None,
        };
        Ok(Self { input, interleaved, pixels, source })
    }

    /// What it sees in pictures, at least two.
    ///
    /// # Errors
    /// If tract can't run it, or it gives what is no number.
    pub fn look<'p>(
        &self,
        pictures: impl Iterator<Item = &'p Picture>,
    ) -> Result<(Gaussian, usize)> {
        let path = self.source.path.display();
        let output = self.source.proto.graph.as_ref().and_then(|graph| graph.output.first());
        let output = output.with_context(|| format!("{path}: has no output"))?;
        let onnx = Onnx::new(&self.source, vec![self.input.clone()], &[&output.name])?;
        let mut rows = Vec::new();
        let mut count = 0;
        for picture in pictures {
            let plane = picture.height * picture.width;
            let of = |i: usize| match self.interleaved {
                true => picture.pixels[i % picture.channels * plane + i / picture.channels],
                false => picture.pixels[i],
            };
            let values: Vec<f32> =
                (0..picture.pixels.len()).map(|i| self.pixels.value(of(i))).collect();
            let seen = onnx.run(&values).with_context(|| path.to_string())?.swap_remove(0);
            ensure!(
                !seen.is_empty() && seen.iter().all(|value| value.is_finite()),
                "{path}: gives {} of a picture",
                if seen.is_empty() { "nothing" } else { "what is no number" }
            );
            rows.extend(seen);
            count += 1;
        }
        let features = rows.len() / count;
        Ok((Gaussian::of(&rows, features), features))
    }
}
