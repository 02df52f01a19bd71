//! `export onnx`

use anyhow::Result;
use clap::Args;
use export::checkpoint;
use export::checkpoint::settings::{Activation, Direction, Padding, PerLayer, Settings};
use output::file;
use prost::Message;
use std::path::PathBuf;

#[derive(Args)]
#[command(
    after_help = "LIST is one value for all layers, or one for each with commas between, as \
    _,2,2,1: _ leaves what is assumed.\nWhat is assumed is printed with a star."
)]
pub(crate) struct Onnx {
    /// Trained weights: PyTorch's .pth or .pt, .safetensors, Keras' .keras or .h5
    #[arg(value_name = "CHECKPOINT")]
    file: PathBuf,
    /// Where to write the generator
    #[arg(short, value_name = "GEN.onnx")]
    out: PathBuf,
    /// Where the generator is in the file, where that has more, as state_dict.netG; . is all of it
    #[arg(long)]
    key: Option<String>,
    /// The modules from first to last, where neither names nor shapes tell; others are left out
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    order: Option<Vec<String>>,
    /// What 4-D weights are: transposed (ConvTranspose2d) or plain (Conv2d)
    #[arg(long, value_name = "LIST")]
    conv: Option<PerLayer<Direction>>,
    /// Strides
    #[arg(long, value_name = "LIST")]
    stride: Option<PerLayer<usize>>,
    /// Paddings: numbers, or same as Keras has it
    #[arg(long, value_name = "LIST")]
    padding: Option<PerLayer<Padding>>,
    /// Output paddings of transposed convolutions
    #[arg(long, value_name = "LIST")]
    output_padding: Option<PerLayer<usize>>,
    /// How often rows and columns are repeated before the layer
    #[arg(long, value_name = "LIST")]
    upsample: Option<PerLayer<usize>>,
    /// Channels, height and width that a Linear's features become, as 128x8x8
    #[arg(long, value_name = "CxHxW", value_parser = map)]
    map: Option<[usize; 3]>,
    /// What follows layers but the last: relu, leaky:0.2, tanh, sigmoid, none
    #[arg(long, value_name = "LIST")]
    activation: Option<PerLayer<Activation>>,
    /// What follows the last layer
    #[arg(long, value_name = "ACTIVATION")]
    output: Option<Activation>,
    /// BatchNorm's epsilon
    #[arg(long, value_name = "LIST")]
    eps: Option<PerLayer<f32>>,
}

fn map(text: &str) -> Result<[usize; 3], String> {
    let sides: Result<Vec<usize>, _> = text.split(['x', '×']).map(str::parse).collect();
    match sides.as_deref() {
        Ok(&[channels, height, width])
            if [channels, height, width].iter().all(|side| (1..=1 << 16).contains(side)) =>
        {
            Ok([channels, height, width])
        }
        _ => Err("possible: channels, height and width as 128x8x8".to_owned()),
    }
}

impl Onnx {
    pub(crate) fn run(&self) -> Result<()> {
        file::check(&[&self.out])?;
        let settings = Settings {
            key: self.key.clone(),
            order: self.order.clone(),
            map: self.map,
            convolution: self.conv.clone().unwrap_or_default(),
            stride: self.stride.clone().unwrap_or_default(),
            padding: self.padding.clone().unwrap_or_default(),
            output_padding: self.output_padding.clone().unwrap_or_default(),
            upsample: self.upsample.clone().unwrap_or_default(),
            activation: self.activation.clone().unwrap_or_default(),
            output: self.output,
            epsilon: self.eps.clone().unwrap_or_default(),
        };
        let converted = checkpoint::convert(&self.file, &settings)?;
        file::replace(&self.out, &converted.model.encode_to_vec())?;
        super::say(&converted.table)?;
        super::say(&format!("wrote {}\n", self.out.display()))?;
        Ok(())
    }
}
