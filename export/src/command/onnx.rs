//! `export onnx`: an ONNX from a checkpoint.

use anyhow::Result;
use clap::Args;
use export::checkpoint;
use export::checkpoint::settings::{Activation, Direction, Labels, Padding, PerLayer, Settings};
use export::draw::Generator;
use export::latent;
use export::latent::wish::{Wishes, set_label};
use export::onnx::source::Source;
use export::picture::pixel_rule::PixelRule;
use export::picture::{Planes, sheet};
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use output::file;
use prost::Message;
use std::path::PathBuf;

/// Number of pictures on a sheet.
const PICTURES: usize = 20;

#[derive(Args)]
#[command(
    after_help = "LIST is one value for all layers, or one per layer, separated by commas, such as \
    _,2,2,1: _ keeps the assumed value.\nAssumed values are printed with a star. What the file does not prove beside them is \
    not converted: the exit status is then 2, and the readings that fit are printed as commands."
)]
pub(crate) struct Onnx {
    /// Checkpoint: PyTorch's .pth or .pt, .safetensors, Keras' .keras or .h5
    #[arg(value_name = "CHECKPOINT")]
    file: PathBuf,
    /// ONNX file to write
    #[arg(short, value_name = "GEN.onnx")]
    out: PathBuf,
    /// Key of the generator in a file that holds more, such as state_dict.netG; . is the whole file
    #[arg(long)]
    key: Option<String>,
    /// Modules from first to last, if neither names nor shapes show their order; others are left out
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    order: Option<Vec<String>>,
    /// How a label enters: behind or before the noise, times it, map-behind or map-before its first map, none; behind:10 for
    /// 10 one-hot elements
    #[arg(long, value_name = "PLACE")]
    labels: Option<Labels>,
    /// Activation behind layers that only the label goes through
    #[arg(long, value_name = "ACTIVATION")]
    label_activation: Option<Activation>,
    /// Distribution of the noise: normal or uniform
    #[arg(long, value_name = "KIND", value_parser = noise)]
    latent: Option<Distribution>,
    /// Kind of convolution of 4-D weights: transposed (ConvTranspose2d) or plain (Conv2d)
    #[arg(long, value_name = "LIST")]
    conv: Option<PerLayer<Direction>>,
    /// Groups of a convolution's channels
    #[arg(long, value_name = "LIST")]
    groups: Option<PerLayer<usize>>,
    /// Strides
    #[arg(long, value_name = "LIST")]
    stride: Option<PerLayer<usize>>,
    /// Paddings: numbers, or same (Keras' padding)
    #[arg(long, value_name = "LIST")]
    padding: Option<PerLayer<Padding>>,
    /// Output paddings of transposed convolutions
    #[arg(long, value_name = "LIST")]
    output_padding: Option<PerLayer<usize>>,
    /// Factors by which rows and columns are repeated before a layer
    #[arg(long, value_name = "LIST")]
    upsample: Option<PerLayer<usize>>,
    /// Map that a Linear's features become: channels, height and width, such as 128x8x8
    #[arg(long, value_name = "CxHxW", value_parser = map)]
    map: Option<[usize; 3]>,
    /// Activations: relu, leaky:0.2, tanh, sigmoid, none. A single one is for all layers but the last
    #[arg(long, value_name = "LIST")]
    activation: Option<PerLayer<Activation>>,
    /// Activation of the last layer; overrides that of a list
    #[arg(long, value_name = "ACTIVATION")]
    output: Option<Activation>,
    /// BatchNorm's epsilon
    #[arg(long, value_name = "LIST")]
    eps: Option<PerLayer<f32>>,
    /// Height and width of the pictures: strides and paddings that end in it are searched for
    #[arg(long, value_name = "HxW", value_parser = size)]
    size: Option<[usize; 2]>,
    /// Convert although the file does not prove what was understood
    #[arg(long)]
    assume: bool,
}

/// Parses the value of `--latent`.
fn noise(text: &str) -> Result<Distribution, String> {
    let kind = latent::named(text).filter(|&kind| kind != Distribution::OneHot);
    kind.ok_or_else(|| "possible: normal, uniform".to_owned())
}

/// Parses the value of `--size`.
fn size(text: &str) -> Result<[usize; 2], String> {
    let sides: Result<Vec<usize>, _> = text.split(['x', '×']).map(str::parse).collect();
    match sides.as_deref() {
        Ok(&[side]) => Ok([side; 2]),
        Ok(&[height, width]) => Ok([height, width]),
        _ => Err("possible: height and width, such as 28x20, or one number for both".to_owned()),
    }
}

/// Parses the value of `--map`.
fn map(text: &str) -> Result<[usize; 3], String> {
    let sides: Result<Vec<usize>, _> = text.split(['x', '×']).map(str::parse).collect();
    match sides.as_deref() {
        Ok(&[channels, height, width])
            if [channels, height, width].iter().all(|side| (1..=1 << 16).contains(side)) =>
        {
            Ok([channels, height, width])
        }
        _ => Err("possible: channels, height and width, such as 128x8x8".to_owned()),
    }
}

impl Onnx {
    pub(crate) fn run(&self) -> Result<()> {
        let look = self.out.with_extension("look.png");
        file::check(&[&self.out, &look])?;
        let settings = Settings {
            key: self.key.clone(),
            order: self.order.clone(),
            labels: self.labels,
            label_activation: self.label_activation,
            latent: self.latent,
            map: self.map,
            convolution: self.conv.clone().unwrap_or_default(),
            groups: self.groups.clone().unwrap_or_default(),
            stride: self.stride.clone().unwrap_or_default(),
            padding: self.padding.clone().unwrap_or_default(),
            output_padding: self.output_padding.clone().unwrap_or_default(),
            upsample: self.upsample.clone().unwrap_or_default(),
            activation: self.activation.clone().unwrap_or_default(),
            output: self.output,
            epsilon: self.eps.clone().unwrap_or_default(),
            size: self.size,
            assume: self.assume,
        };
        let converted = checkpoint::convert(&self.file, &settings, &self.out)?;
        file::replace(&self.out, &converted.model.encode_to_vec())?;
        super::say(&converted.table)?;
        let source = Source::load(&self.out)?;
        let sheet = pictures(&source).and_then(|pictures| sheet::encode(&pictures));
        match sheet {
            Ok(sheet) => {
                file::replace(&look, &sheet)?;
                super::say(&format!("wrote {} and {}\n", self.out.display(), look.display()))
            }
            // The other commands refuse it for the same reason. Other tools may take it.
            Err(why) => {
                eprintln!(
                    "warning: no pictures to look at, and export quantize will refuse it: {why:#}"
                );
                super::say(&format!("wrote {}\n", self.out.display()))
            }
        }
    }
}

/// Pictures of seeds from 1 on, of each label in turn if there are labels.
fn pictures(source: &Source) -> Result<Vec<Planes>> {
    let label = |label| Wishes { label, ..Wishes::default() };
    let mut generator = Generator::onnx(source, &label(None), None);
    // The import may need a label, or a range where the last activation has none.
    for (label, pixels) in [(label(Some(0)), None), (label(None), Some(PixelRule::SIGNED))] {
        generator =
            generator.or_else(|why| Generator::onnx(source, &label, pixels).map_err(|_| why));
    }
    let generator = generator?;
    let latent = DraftPart::latent(&generator.latent);
    let labels = generator.latent.iter().find(|part| part.distribution == Distribution::OneHot);
    let labels = labels.map_or(1, |part| part.len);
    let picture = |index| {
        let mut z = latent::shown(1, index, &latent);
        if labels > 1 {
            set_label(&mut z, &generator.latent, index % labels)?;
        }
        generator.picture(&z)
    };
    (0..PICTURES).map(picture).collect()
}
