//! A generator in whatever file, as something that draws.

pub mod classifier;
pub mod comparison;
pub mod device;
pub mod npy;

use crate::draw::device::Device;
use crate::import::import;
use crate::latent;
use crate::latent::Kind;
use crate::network::Order;
use crate::network::float;
use crate::onnx::input;
use crate::onnx::input::Input;
use crate::onnx::run::Onnx;
use crate::onnx::shape::{count, sizes};
use crate::onnx::source;
use crate::onnx::source::Source;
use crate::picture::Picture;
use crate::picture::pixel_rule::PixelRule;
use anyhow::{Context, Result, bail, ensure};
use gen_core::format::DIMENSION_LIMIT;
use gen_core::format::write::DraftPart;
use gen_core::latent::{Distribution, MAX_PARTS};
use gen_core::shape::Shape;
use std::path::{Path, PathBuf};
use tract_onnx::pb::GraphProto;

/// A generator's file.
pub enum File {
    /// A `.gen`.
    Gen {
        /// Where it is.
        path: PathBuf,
        /// What it holds.
        bytes: Vec<u8>,
        /// What somebody says that latents are drawn from.
        kinds: Vec<Kind>,
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
        let bytes = source::read(path)?;
        let called = path.extension().is_some_and(|extension| extension == "gen");
        if called || bytes.starts_with(&gen_core::format::MAGIC) {
            return Ok(Self::Gen { path: path.to_owned(), bytes, kinds: Vec::new() });
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
    /// The latent's parts.
    pub latent: Vec<DraftPart>,
    /// Whether the file itself says what they are drawn from.
    pub told: bool,
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
            File::Gen { path, bytes, kinds } => {
                let file = || path.display().to_string();
                let mut generator = Self::gen_file(bytes).with_context(file)?;
                latent::say(&mut generator.latent, kinds).with_context(file)?;
                Ok(generator)
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
        let parts = device.model().latent().parts().iter();
        let latent = parts.map(DraftPart::from).collect();
        let image = device.model().image();
        Ok(Self {
            engine: Engine::Device(Box::new(device)),
            latent,
            told: true,
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
        let file = || source.path.display().to_string();
        let (onnx, pixels, latent, told, image) = match source.metadata(PixelRule::METADATA) {
            // The quantised ONNX is not a chain of float layers, but it is ours.
            Some(rule) => {
                let [output] = &graph.output[..] else {
                    bail!("{}: must have one output", file());
                };
                let rule = rule.parse().with_context(file)?;
                let (mut latent, inputs) = quantised_inputs(source, graph).with_context(file)?;
                latent::say(&mut latent, &source.kinds).with_context(file)?;
                for input in inputs.iter().filter(|input| input.number) {
                    let name = input.name();
                    let said = source.kinds.iter().any(|kind| kind.name.as_deref() == Some(name));
                    ensure!(
                        !said,
                        "{}: \"{name}\" is a label: leave --latent {name}=… out",
                        file()
                    );
                }
                let onnx = Onnx::new(source, inputs, &[&output.name])?;
                let order = source.metadata(Order::METADATA);
                let image = order.and_then(Order::image).or(match *onnx.output_shape() {
                    [1, channels, height, width] => Some([height, width, channels]),
                    _ => None,
                });
                let image = image.with_context(|| {
                    format!("{}: output of shape {:?} is no picture", file(), onnx.output_shape())
                })?;
                let interleaved = order.is_some_and(Order::interleaved);
                (onnx, rule, latent, true, (image, interleaved))
            }
            None => {
                let network = import(source)?;
                let rule = PixelRule::of(&network, pixels).with_context(file)?;
                let last = float::output(network.layers.len() - 1);
                let onnx = Onnx::network(&network, &[last]).with_context(file)?;
                let told = source.metadata(latent::METADATA).is_some();
                let image = (network.image(), false);
                (onnx, rule, network.latent, told, image)
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
            latent,
            told,
            image: Shape { height, width, channels },
            interleaved,
            pixels,
        })
    }

    /// Elements of a latent.
    pub fn latent_len(&self) -> usize {
        self.latent.iter().map(|part| part.len).sum()
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

/// The latent's parts and the inputs of an ONNX of ours.
fn quantised_inputs(source: &Source, graph: &GraphProto) -> Result<(Vec<DraftPart>, Vec<Input>)> {
    let text = source.metadata(latent::METADATA).unwrap_or_default();
    let described = input::described(text).filter(|it| it.len() == graph.input.len());
    let described =
        described.with_context(|| format!("what it says of its inputs, \"{text}\", is not so"))?;
    let possible = graph.input.len() <= MAX_PARTS;
    ensure!(possible, "has {} inputs, possible: up to {MAX_PARTS}", graph.input.len());
    let drafts = graph.input.iter().zip(described).map(|(declared, (distribution, labels))| {
        let shape = sizes(declared)?;
        let count = count(&shape);
        let len = labels.unwrap_or(count);
        let fits = (1..=DIMENSION_LIMIT).contains(&len)
            && (labels.is_none() || count == 1 && distribution == Distribution::OneHot);
        ensure!(fits, "what it says of its input \"{}\" cannot be", declared.name);
        let part = latent::part(&declared.name, len, distribution);
        let (declared, number) = (declared.clone(), labels.is_some());
        Ok(input::Draft { declared, shape, part, number, guessed: false })
    });
    Ok(input::arrange(drafts.collect::<Result<_>>()?))
}
