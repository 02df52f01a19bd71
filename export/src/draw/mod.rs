//! Draws pictures of latents with any generator file.

pub mod classifier;
pub mod comparison;
pub mod device;
pub mod npy;

use crate::file::read;
use crate::import::import;
use crate::latent;
use crate::latent::inputs;
use crate::latent::wish::Wishes;
use crate::network::ending::pixel_rule;
use crate::network::float::Runner;
use crate::network::linear::planes;
use crate::onnx::input::Input;
use crate::onnx::metadata;
use crate::onnx::run::{Onnx, Passes};
use crate::onnx::shape::{count, sizes};
use crate::onnx::source::Source;
use crate::picture::Planes;
use crate::picture::pixel_rule::PixelRule;
use anyhow::{Context, Result, bail, ensure};
use gen_core::format::DIMENSION_LIMIT;
use gen_core::format::write::DraftPart;
use gen_core::latent::{Distribution, MAX_PARTS};
use gen_core::{Model, Shape};
use std::path::{Path, PathBuf};
use tract_onnx::pb::GraphProto;

/// A generator's file.
pub enum File {
    /// A `.gen` file.
    Gen {
        /// Its path, for messages.
        path: PathBuf,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// An ONNX file: a float generator, or a quantised one that `export` wrote.
    Onnx(Box<Source>),
}

impl File {
    /// Reads the file at `path`: a `.gen` if its first bytes or its extension say so, otherwise an ONNX.
    ///
    /// # Errors
    ///
    /// If it can't be read, or is neither.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = read(path)?;
        let called = path.extension().is_some_and(|extension| extension == "gen");
        if called || bytes.starts_with(&gen_core::format::MAGIC) {
            return Ok(Self::Gen { path: path.to_owned(), bytes });
        }
        Ok(Self::Onnx(Box::new(Source::decode(path, &bytes)?)))
    }

    /// Its path, for messages.
    pub fn path(&self) -> &Path {
        match self {
            Self::Gen { path, .. } => path,
            Self::Onnx(source) => &source.path,
        }
    }
}

/// One generated picture in the order `[channel][row][column]`.
#[derive(Clone, Debug)]
pub enum Drawing {
    /// Output values, of an ONNX.
    Float(Vec<f32>),
    /// Pixels, of a `.gen`.
    Pixels(Planes),
}

/// A generator that is ready to draw.
pub struct Generator<'a> {
    backend: Backend<'a>,
    /// The latent's parts.
    pub latent: Vec<DraftPart>,
    /// Size of the pictures.
    pub image: Shape,
    /// What was assumed or replaced in a float ONNX: [`Network::notes`](crate::network::Network::notes).
    pub notes: Vec<String>,
    /// Whether the output of the backend is `[row][column][channel]`.
    interleaved: bool,
    pixels: PixelRule,
}

enum Backend<'a> {
    /// A `.gen`, in gen-core.
    Device(Box<Model<'a>>),
    /// An ONNX that `export` wrote, in tract.
    Quantised(Onnx),
    /// The imported float network.
    Float(Runner),
}

impl<'a> Generator<'a> {
    /// Prepares the generator in `file` with the label and distributions of `wishes`. `pixels` is the pixel rule of a
    /// float ONNX whose last activation doesn't fix it.
    ///
    /// # Errors
    ///
    /// If the file is malformed or can't be converted, or a wish does not fit it.
    pub fn new(file: &'a File, wishes: &Wishes, pixels: Option<PixelRule>) -> Result<Self> {
        match file {
            File::Gen { path, bytes } => {
                let file = || path.display().to_string();
                let mut generator = Self::gen_file(bytes).with_context(file)?;
                wishes.distribute(&mut generator.latent).with_context(file)?;
                Ok(generator)
            }
            File::Onnx(source) => Self::onnx(source, wishes, pixels),
        }
    }

    /// Prepares the generator in `bytes`, a `.gen` file.
    ///
    /// # Errors
    ///
    /// If gen-core refuses the bytes.
    pub fn gen_file(bytes: &'a [u8]) -> Result<Self> {
        let model = Model::parse(bytes)?;
        let latent = model.latent().parts().iter().map(DraftPart::from).collect();
        let (image, pixels) = (model.picture_shape(), PixelRule::BYTE);
        let backend = Backend::Device(Box::new(model));
        let notes = Vec::new();
        Ok(Self { backend, latent, image, notes, interleaved: false, pixels })
    }

    /// Prepares the generator in an ONNX, float or quantised. `pixels` is the pixel rule of a float one whose last
    /// activation doesn't fix it.
    ///
    /// # Errors
    ///
    /// If it can't be converted or run, or a wish does not fit it.
    pub fn onnx(source: &Source, wishes: &Wishes, pixels: Option<PixelRule>) -> Result<Self> {
        if source.is_quantised() {
            // Optimised for no processor in particular, tract 0.23.9 scales the sums of plain convolutions in f32, though the
            // graph says f64: about one pixel in 20,000 differs.
            return Self::quantised(source, wishes, Passes::Typed);
        }
        let network = import(source, wishes)?;
        let file = || source.path.display().to_string();
        let pixels = pixel_rule(&network, pixels).with_context(file)?;
        let image = picture_shape(source, network.image())?;
        let backend = Backend::Float(Runner::picture(&network, None));
        let (latent, notes) = (network.latent, network.notes);
        Ok(Self { backend, latent, image, notes, interleaved: true, pixels })
    }

    /// Prepares the generator in a quantised ONNX that `export` wrote. tract runs it after `passes`.
    ///
    /// # Errors
    ///
    /// If its metadata don't fit its graph, tract can't run it, or a wish does not fit it.
    pub fn quantised(source: &Source, wishes: &Wishes, passes: Passes) -> Result<Self> {
        let graph = source.proto.graph.as_ref().context("no graph")?;
        let file = || source.path.display().to_string();
        let [output] = &graph.output[..] else { bail!("{}: must have one output", file()) };
        let pixels = source.metadata(metadata::PIXELS).unwrap_or_default().parse();
        let pixels = pixels.with_context(file)?;
        let (mut latent, inputs) = quantised_inputs(source, graph).with_context(file)?;
        wishes.distribute(&mut latent).with_context(file)?;
        for name in inputs.iter().filter(|input| input.number).map(Input::name) {
            ensure!(
                wishes.named(name).is_none(),
                "{}: \"{name}\" is a label: leave --latent {name}=… out",
                file()
            );
        }
        let onnx = Onnx::with_passes(source, passes, inputs, &[&output.name])?;
        let told = source.metadata(metadata::PICTURE).and_then(metadata::pictured);
        let told = told.or(match *onnx.output_shape() {
            [1, channels, height, width] => Some(([height, width, channels], false)),
            _ => None,
        });
        let (image, interleaved) = told.with_context(|| {
            format!("{}: output of shape {:?} is no picture", file(), onnx.output_shape())
        })?;
        let image = picture_shape(source, image)?;
        let (backend, notes) = (Backend::Quantised(onnx), Vec::new());
        Ok(Self { backend, latent, image, notes, interleaved, pixels })
    }

    /// Number of elements of a latent.
    pub fn latent_len(&self) -> usize {
        self.latent.iter().map(|part| part.len).sum()
    }

    /// Whether the generator can draw a chosen label. It can't if the label was fixed when its file was made.
    pub fn takes_label(&self) -> bool {
        // Import refuses a label that a float graph does not take.
        matches!(self.backend, Backend::Float(_))
            || self.latent.iter().any(|part| part.distribution == Distribution::OneHot)
    }

    /// The output for latent `z`, as float values or pixels.
    ///
    /// # Errors
    ///
    /// If `z` has the wrong length, or tract fails.
    pub fn draw(&self, z: &[f32]) -> Result<Drawing> {
        Ok(self.draw_all(&[z.to_vec()])?.swap_remove(0))
    }

    /// As [`draw`](Self::draw), for each of `latents`. A float network draws many in the time of a few.
    ///
    /// # Errors
    ///
    /// As `draw`.
    pub fn draw_all(&self, latents: &[Vec<f32>]) -> Result<Vec<Drawing>> {
        match &self.backend {
            Backend::Device(model) => {
                latents.iter().map(|z| device::draw(model, z).map(Drawing::Pixels)).collect()
            }
            Backend::Quantised(onnx) => {
                latents.iter().map(|z| self.drawing(onnx.run(z)?.swap_remove(0))).collect()
            }
            Backend::Float(runner) => {
                let all = runner.run(latents)?.into_iter();
                all.map(|mut tensors| self.drawing(tensors.swap_remove(0))).collect()
            }
        }
    }

    /// The output `values` of the backend as a drawing.
    fn drawing(&self, values: Vec<f32>) -> Result<Drawing> {
        let Shape { height, width, channels } = self.image;
        let len = height * width * channels;
        ensure!(values.len() == len, "{} values for a picture of {len}", values.len());
        Ok(Drawing::Float(match self.interleaved {
            true => planes(&values, [height, width, channels]),
            false => values,
        }))
    }

    /// The pixels of a drawing, by the pixel rule if it holds float values.
    pub fn pixels(&self, drawing: Drawing) -> Planes {
        match drawing {
            Drawing::Pixels(picture) => picture,
            Drawing::Float(values) => {
                let Shape { height, width, channels } = self.image;
                self.pixels.picture([height, width, channels], &values)
            }
        }
    }

    /// The picture of latent `z`.
    ///
    /// # Errors
    ///
    /// If `z` has the wrong length, or tract fails.
    pub fn picture(&self, z: &[f32]) -> Result<Planes> {
        let drawing = self.draw(z)?;
        Ok(self.pixels(drawing))
    }
}

/// The shape of the pictures of `source`.
///
/// # Errors
///
/// If they have neither 1 nor 3 channels.
fn picture_shape(source: &Source, [height, width, channels]: [usize; 3]) -> Result<Shape> {
    let path = source.path.display();
    ensure!(matches!(channels, 1 | 3), "{path}: pictures of {channels} channels");
    Ok(Shape { height, width, channels })
}

/// The latent's parts and the inputs of a quantised ONNX, from its metadata.
///
/// # Errors
///
/// If the metadata don't fit the graph's inputs.
fn quantised_inputs(source: &Source, graph: &GraphProto) -> Result<(Vec<DraftPart>, Vec<Input>)> {
    let text = source.metadata(metadata::LATENTS).unwrap_or_default();
    let described = inputs::described(text, graph.input.len());
    let described =
        described.with_context(|| format!("its metadata \"{text}\" do not fit its inputs"))?;
    let possible = graph.input.len() <= MAX_PARTS;
    ensure!(possible, "has {} inputs, possible: up to {MAX_PARTS}", graph.input.len());
    let drafts = graph.input.iter().zip(described).map(|(declared, (distribution, labels))| {
        let shape = sizes(declared)?;
        let count = count(&shape);
        let len = labels.unwrap_or(count);
        let fits = (1..=DIMENSION_LIMIT).contains(&len)
            && (labels.is_none() || count == 1 && distribution == Distribution::OneHot);
        ensure!(fits, "its metadata do not fit its input \"{}\"", declared.name);
        let part = latent::part(&declared.name, len, distribution);
        let number = labels.is_some();
        Ok((Input { number, ..Input::new(declared.clone(), shape) }, part))
    });
    Ok(inputs::arrange(drafts.collect::<Result<_>>()?))
}
