//! Training pictures and their labels, read from a directory, idx files or an .npz.

mod directory;
mod idx;
mod labels;
mod npz;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::{Device, Tensor};
use clap::Args;
use export::picture::Planes;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, RgbImage};

use crate::condition::Classes;
use crate::network::{CHANNELS, SIZES};
use crate::random::{self, Purpose};
use crate::values;

/// Square pictures of one size and their labels.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Name of the directory or file that they were read from.
    pub name: String,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Rows and columns of every picture.
    pub size: usize,
    /// Pixels, `[picture][channel][row][column]`.
    pub pixels: Vec<u8>,
    /// Labelled attributes of the pictures; empty if there are no labels.
    pub attributes: Vec<Attribute>,
}

/// A labelled property of the pictures: each picture has one of several classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, for example `hair`.
    pub name: String,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Class of each picture, as an index into `classes`.
    pub values: Vec<usize>,
}

impl Attribute {
    /// Its name and those of its classes, as the metadata of ONNX files have them.
    pub fn listed(&self) -> String {
        format!("{}: {}", self.name, self.classes.join(", "))
    }

    /// The classes of the pictures at `indices`.
    pub fn of(&self, indices: &[usize]) -> Classes {
        let of = indices.iter().map(|&index| self.values[index]).collect();
        Classes::new(of, self.classes.len())
    }

    /// The classes of `count` random pictures; `index` is that of the sequence. Each class is as frequent as in the data.
    pub fn draw(&self, seed: u64, index: u64, count: usize) -> Classes {
        let mut random = random::random(seed, Purpose::Classes, index);
        let indices: Vec<usize> =
            (0..count).map(|_| random::below(&mut random, self.values.len())).collect();
        self.of(&indices)
    }
}

/// How pictures are read.
#[derive(Args, Clone, Debug, Default)]
pub struct Reading {
    /// Rows and columns of a picture: 16, 28, 32, 64, 128 [default: those of the first picture]
    #[arg(long, value_parser = |text: &str| one_of(&SIZES, text))]
    pub size: Option<usize>,
    /// 1 (grey) or 3 (colour) [default: 1 if all pictures are grey, otherwise 3]
    #[arg(long, value_parser = |text: &str| one_of(&CHANNELS, text))]
    pub channels: Option<usize>,
    /// Crop pictures of another size to their centre square and resize them
    #[arg(long)]
    pub resize: bool,
    /// A CSV of labels; the first column is the file name [default: labels.csv of the directory, if it exists]
    #[arg(long, value_name = "LABELS.csv")]
    pub labels: Option<PathBuf>,
}

/// Parses a number of the command line that must be one of `choices`.
fn one_of(choices: &[usize], text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| choices.contains(number));
    let names: Vec<String> = choices.iter().map(ToString::to_string).collect();
    number.ok_or_else(|| format!("pass one of the numbers {}", names.join(", ")))
}

/// Pictures as they were read, before they are brought to one size and number of channels.
struct Found {
    pictures: Vec<(String, DynamicImage)>,
    attributes: Vec<Attribute>,
}

impl Dataset {
    /// Reads `path`: a directory of PNG or JPEG, a directory of idx files, one idx file of
    /// pictures (gzipped or not), or an `.npz`. The test part of a directory, `test/` or the idx files `t10k`, is left
    /// out.
    ///
    /// # Errors
    ///
    /// If a file is missing, damaged or of another size. The message names the file and says what to do.
    pub fn load(path: &Path, reading: &Reading) -> Result<Self> {
        let file = path.display();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let idx = idx::find(path)?;
        ensure!(
            reading.labels.is_none() || (idx.is_none() && path.is_dir()),
            "{file}: --labels is for directories of PNG and JPEG"
        );
        let found = if let Some(images) = idx {
            idx::read(&images)
        } else if path.is_dir() {
            directory::read(path, reading)
        } else if extension.is_some_and(|e| e.eq_ignore_ascii_case("npz")) {
            npz::read(path)
        } else if path.exists() {
            bail!("{file}: not a directory, an idx file or an .npz: pass one of these");
        } else {
            bail!("{file}: there is no such file or directory");
        }?;
        let name = path.canonicalize().ok();
        let name = name.as_deref().unwrap_or(path).file_stem().unwrap_or_default();
        Self::alike(name.to_string_lossy().into_owned(), found, reading)
    }

    /// Converts all pictures to one size and one number of channels.
    fn alike(name: String, found: Found, reading: &Reading) -> Result<Self> {
        let (first, image) = found.pictures.first().context("no pictures")?;
        let (width, height) = (image.width(), image.height());
        let size = reading.size.unwrap_or(width.min(height) as usize);
        ensure!(
            width == height || reading.resize,
            "{first}: {width}×{height} is not square: --resize crops"
        );
        let all_grey = || found.pictures.iter().all(|(_, image)| !image.color().has_color());
        let channels = reading.channels.unwrap_or_else(|| if all_grey() { 1 } else { 3 });

        let mut pixels = Vec::new();
        for (name, image) in found.pictures {
            let image = if reading.resize { square(image, size) } else { image };
            let (width, height) = (image.width(), image.height());
            ensure!(
                [width, height].map(|side| side as usize) == [size, size],
                "{name}: {width}×{height}, not {size}×{size}: --resize crops and resizes"
            );
            let image = opaque(image);
            let interleaved = match channels {
                1 => image.into_luma8().into_raw(),
                _ => image.into_rgb8().into_raw(),
            };
            pixels.extend(Planes::from_interleaved(channels, size, size, &interleaved).pixels);
        }
        Ok(Self { name, channels, size, pixels, attributes: found.attributes })
    }

    /// The attribute `name`.
    ///
    /// # Errors
    ///
    /// If there is none; the message names those there are.
    pub fn attribute(&self, name: &str) -> Result<&Attribute> {
        let found = self.attributes.iter().find(|attribute| attribute.name == name);
        found.with_context(|| {
            let names: Vec<&str> = self.attributes.iter().map(|it| &it.name[..]).collect();
            let there = if names.is_empty() { "no labels".into() } else { names.join(", ") };
            format!("{}: no attribute \"{name}\" in the labels: there are {there}", self.name)
        })
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.pixels.len() / self.picture_len()
    }

    /// Whether there are no pictures.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// Whether at least two pictures differ.
    pub fn is_varied(&self) -> bool {
        let mut pictures = self.pixels.chunks_exact(self.picture_len());
        let first = pictures.next();
        pictures.any(|picture| Some(picture) != first)
    }

    /// Bytes of a picture, all channels.
    pub fn picture_len(&self) -> usize {
        self.channels * self.size * self.size
    }

    /// A copy of the picture at `index`.
    pub fn picture(&self, index: usize) -> Planes {
        let len = self.picture_len();
        let pixels = self.pixels[index * len..][..len].to_vec();
        Planes { channels: self.channels, height: self.size, width: self.size, pixels }
    }

    /// The pictures at `indices`, scaled to [−1, 1], shape `[n, size, size, channels]`.
    pub fn batch(&self, indices: &[usize], device: &Device) -> Tensor<4> {
        let pictures: Vec<Planes> = indices.iter().map(|&i| self.picture(i)).collect();
        values::pictures(&pictures, device)
    }
}

/// The pictures of `[height, width, channels]` whose pixels follow each other in `pixels`, each named by `file` and
/// its index.
fn pictures(
    file: &str,
    [height, width, channels]: [usize; 3],
    pixels: &[u8],
) -> Result<Vec<(String, DynamicImage)>> {
    let picture = |(index, bytes): (usize, &[u8])| {
        let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
        let image = match channels {
            1 => DynamicImage::from(GrayImage::from_raw(width, height, bytes.to_vec())?),
            _ => DynamicImage::from(RgbImage::from_raw(width, height, bytes.to_vec())?),
        };
        Some((format!("{file} [{index}]"), image))
    };
    let all = pixels.chunks_exact(height * width * channels).enumerate().map(picture);
    all.collect::<Option<_>>().context("pictures too large")
}

/// Crops the largest square in the middle and resizes it to `size` × `size`.
fn square(image: DynamicImage, size: usize) -> DynamicImage {
    if [image.width(), image.height()].map(|side| side as usize) == [size, size] {
        return image;
    }
    let side = image.width().min(image.height());
    let (left, top) = ((image.width() - side) / 2, (image.height() - side) / 2);
    let square = opaque(image.crop_imm(left, top, side, side));
    let size = size as u32;
    if square.color().has_color() {
        imageops::resize(&square.into_rgb8(), size, size, FilterType::Triangle).into()
    } else {
        imageops::resize(&square.into_luma8(), size, size, FilterType::Triangle).into()
    }
}

/// Draws a picture with transparency on white, as RGB.
fn opaque(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image;
    }
    let has_color = image.color().has_color();
    let image = image.into_rgba8();
    let opaque = RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0.map(u32::from);
        let over = |colour: u32| ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        image::Rgb([over(red), over(green), over(blue)])
    });
    if has_color { opaque.into() } else { DynamicImage::from(opaque).into_luma8().into() }
}
