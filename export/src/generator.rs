//! A generator in whatever file, as something that draws.

use crate::float;
use crate::import::{import, latent_shape};
use crate::latents;
use crate::load::{self, Source};
use crate::network::Order;
use crate::picture::Picture;
use crate::pixels::PixelRule;
use crate::runner::{Device, Onnx};
use anyhow::{Context, Result, bail, ensure};
use gen_core::latent::Distribution;
use gen_core::shape::Shape;
use std::path::{Path, PathBuf};

/// A generator's file.
pub enum File {
    /// A `.gen`.
    Gen {
        /// Where it is.
        path: PathBuf,
        /// What it holds.
        bytes: Vec<u8>,
    },
    /// An ONNX, the user's or our quantised one.
    Onnx(Box<Source>),
}

impl File {
    /// Reads `path`; what begins like a `.gen` or is called so is one.
    ///
    /// # Errors
    /// If it can't be read, or is neither.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = load::read(path)?;
        let called = path.extension().is_some_and(|extension| extension == "gen");
        if called || bytes.starts_with(&gen_core::format::MAGIC) {
            return Ok(Self::Gen { path: path.to_owned(), bytes });
        }
        Ok(Self::Onnx(Box::new(Source::decode(path, &bytes)?)))
    }
}

/// One generated picture, `[channel][row][column]`.
#[derive(Clone, Debug)]
pub enum Drawing {
    /// Output values.
    Float(Vec<f32>),
    /// Pixels.
    Pixels(Picture),
}

/// A generator that draws.
pub struct Generator<'a> {
    engine: Engine<'a>,
    /// Elements of a latent.
    pub latent_len: usize,
    /// What the file says its latents are drawn from.
    pub distribution: Option<Distribution>,
    /// Size of the pictures.
    pub image: Shape,
    /// Whether what runs gives the channels of a pixel together.
    interleaved: bool,
    pixels: PixelRule,
}

enum Engine<'a> {
    Device(Box<Device<'a>>),
    Onnx(Onnx),
}

impl<'a> Generator<'a> {
    /// Prepares `file`, whose pixel rule is `pixels` where it doesn't tell.
    ///
    /// # Errors
    /// If the file is malformed, or can't be converted.
    pub fn new(file: &'a File, pixels: Option<PixelRule>) -> Result<Self> {
        match file {
            File::Gen { path, bytes } => {
                Self::gen_file(bytes).with_context(|| path.display().to_string())
            }
            File::Onnx(source) => Self::onnx(source, pixels),
        }
    }

    /// The generator of a `.gen`'s bytes.
    ///
    /// # Errors
    /// What gen-core finds wrong with them.
    pub fn gen_file(bytes: &'a [u8]) -> Result<Self> {
        let device = Device::new(bytes)?;
        let (latent, image) = (device.model().latent(), device.model().image());
        Ok(Self {
            engine: Engine::Device(Box::new(device)),
            latent_len: latent.len,
            distribution: Some(latent.distribution),
            image,
            interleaved: false,
            pixels: PixelRule::BYTE,
        })
    }

    /// The generator of an ONNX, whose pixel rule is `pixels` where it doesn't tell.
    ///
    /// # Errors
    /// If it can't be converted or run.
    pub fn onnx(source: &Source, pixels: Option<PixelRule>) -> Result<Self> {
        let graph = source.proto.graph.as_ref().context("no graph")?;
        let (onnx, pixels, distribution, latent_len, image) =
            match source.metadata(PixelRule::METADATA) {
                // The quantised ONNX is not a chain of float layers, but it is ours.
                Some(rule) => {
                    let ([input], [output]) = (&graph.input[..], &graph.output[..]) else {
                        bail!("{}: must have one input and one output", source.path.display());
                    };
                    let rule = rule.parse().with_context(|| source.path.display().to_string())?;
                    let distribution = source.metadata(latents::METADATA).and_then(latents::named);
                    let shape = latent_shape(input)?;
                    let onnx = Onnx::new(source, &shape, &[&output.name])?;
                    let order = source.metadata(Order::METADATA);
                    let image = order.and_then(Order::image).or(match *onnx.output_shape() {
                        [1, channels, height, width] => Some([height, width, channels]),
                        _ => None,
                    });
                    let image = image.with_context(|| {
                        let (path, shape) = (source.path.display(), onnx.output_shape());
                        format!("{path}: output of shape {shape:?} is no picture")
                    })?;
                    let interleaved = order.is_some_and(Order::interleaved);
                    (onnx, rule, distribution, shape.iter().product(), (image, interleaved))
                }
                None => {
                    let network = import(source)?;
                    let rule = PixelRule::of(&network, pixels)
                        .with_context(|| source.path.display().to_string())?;
                    let onnx = Onnx::network(&network, &[float::output(network.layers.len() - 1)])?;
                    (onnx, rule, None, network.latent_len(), (network.image(), false))
                }
            };
        let ([height, width, channels], interleaved) = image;
        ensure!(
            matches!(channels, 1 | 3),
            "{}: pictures of {channels} channels",
            source.path.display()
        );
        Ok(Self {
            engine: Engine::Onnx(onnx),
            latent_len,
            distribution,
            image: Shape { height, width, channels },
            interleaved,
            pixels,
        })
    }

    /// What the generator makes of `z`.
    ///
    /// # Errors
    /// If `z` has the wrong length.
    pub fn draw(&mut self, z: &[f32]) -> Result<Drawing> {
        match &mut self.engine {
            Engine::Device(device) => device.run(z).map(Drawing::Pixels),
            Engine::Onnx(onnx) => {
                let mut outputs = onnx.run(z)?;
                let values = outputs.swap_remove(0);
                let Shape { height, width, channels } = self.image;
                let len = height * width * channels;
                ensure!(values.len() == len, "{} values for a picture of {len}", values.len());
                if self.interleaved {
                    let plane = height * width;
                    let at = |i: usize| values[i % plane * channels + i / plane];
                    return Ok(Drawing::Float((0..len).map(at).collect()));
                }
                Ok(Drawing::Float(values))
            }
        }
    }

    /// A drawing as pixels.
    pub fn picture(&self, drawing: &Drawing) -> Picture {
        match drawing {
            Drawing::Pixels(picture) => picture.clone(),
            Drawing::Float(values) => {
                let Shape { height, width, channels } = self.image;
                let pixels = values.iter().map(|&y| self.pixels.pixel(f64::from(y))).collect();
                Picture { channels, height, width, pixels }
            }
        }
    }
}
