//! The network family: a few sizes, and the layers that follow from them.

use std::fmt;

use anyhow::{Result, ensure};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use serde::{Deserialize, Serialize};

/// Supported rows and columns of a picture.
pub const SIZES: [usize; 5] = [16, 28, 32, 64, 128];
/// Rows and columns of the largest pictures that count as small: the default preset and some default options depend on it.
pub const SMALL: usize = 32;
/// Supported channels of a picture.
pub const CHANNELS: [usize; 2] = [1, 3];

/// Most classes of an attribute. A column with more values holds numbers or names, not labels.
pub const CLASSES: usize = 64;

/// The sizes that determine a generator and its discriminator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Rows and columns of a picture: 16, 28, 32, 64 or 128.
    pub size: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Elements of the noise that a picture is drawn from: of the latent, without its class.
    pub latent: usize,
    /// Classes, by one of which a picture is drawn; 0: the networks are not conditional.
    #[serde(default)]
    pub classes: usize,
    /// Channels of the generator's last hidden layer; every layer before it has twice as many.
    pub width: usize,
    /// Channels of the discriminator's first layer; every layer after it has twice as many.
    pub discriminator_width: usize,
    /// Whether BatchNorm follows the discriminator's layers between the first and the last, as in the paper.
    #[serde(default = "as_in_the_paper")]
    pub discriminator_norm: bool,
    /// Rows and columns of a kernel: 4, or the paper's 5.
    pub kernel: usize,
}

/// The value of runs that are older than the choice.
fn as_in_the_paper() -> bool {
    true
}

/// A square convolution, transposed in the generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Channels of the input.
    pub input: usize,
    /// Channels of the output.
    pub output: usize,
    /// Rows and columns of the kernel.
    pub kernel: usize,
    /// Stride in both directions.
    pub stride: usize,
    /// Padding on all four sides.
    pub padding: usize,
    /// Output padding at the bottom and on the right (transposed only).
    pub output_padding: usize,
}

impl Layer {
    /// The layer that `conv` is.
    pub fn of(conv: &Conv2d) -> Self {
        let PaddingConfig2d::Explicit(padding, ..) = conv.padding else {
            unreachable!("`Weights::convolution` gives the padding in numbers");
        };
        let [output, input, kernel, _] = conv.weight.dims();
        Self { input, output, kernel, stride: conv.stride[0], padding, output_padding: 0 }
    }
}

impl Network {
    /// Checks that every size is in its range.
    ///
    /// # Errors
    ///
    /// If a size is out of range; the message names it.
    pub fn check(&self) -> Result<()> {
        ensure!(SIZES.contains(&self.size), "size {}: must be 16, 28, 32, 64 or 128", self.size);
        ensure!(CHANNELS.contains(&self.channels), "{} channels: must be 1 or 3", self.channels);
        ensure!([4, 5].contains(&self.kernel), "kernel {}: must be 4 or 5", self.kernel);
        let range = |name: &str, value: usize, most: usize| {
            ensure!((1..=most).contains(&value), "{name} {value}: must be 1 to {most}");
            Ok(())
        };
        range("latent", self.latent, 1024)?;
        ensure!(self.classes <= CLASSES, "{} classes: must be at most {CLASSES}", self.classes);
        range("width", self.width, 256)?;
        range("discriminator width", self.discriminator_width, 256)
    }

    /// Rows and columns of the generator's smallest map, which the latent is projected to.
    fn first(&self) -> usize {
        if self.size == 28 { 7 } else { 4 }
    }

    /// Number of layers that double the size.
    fn doublings(&self) -> u32 {
        (self.size / self.first()).ilog2()
    }

    /// The generator's layers. The first one takes the latent as a map of one pixel: the paper's "project and
    /// reshape".
    pub fn generator(&self) -> Vec<Layer> {
        let n = self.doublings();
        let widest = self.width << (n - 1);
        let up = (0..n).map(|i| {
            let output = if i + 1 == n { self.channels } else { widest >> (i + 1) };
            self.double(widest >> i, output)
        });
        [self.project(self.latent + self.classes, widest)].into_iter().chain(up).collect()
    }

    /// Weights of the generator's layers.
    pub fn weights(&self) -> usize {
        self.generator().iter().map(|it| it.input * it.output * it.kernel * it.kernel).sum()
    }

    /// The discriminator's layers, which mirror the generator's; the last one outputs the logit, then a
    /// term for each class.
    pub fn discriminator(&self) -> Vec<Layer> {
        let n = self.doublings();
        let down = (0..n).map(|i| {
            let input = if i == 0 { self.channels } else { self.discriminator_width << (i - 1) };
            Layer { output_padding: 0, ..self.double(input, self.discriminator_width << i) }
        });
        let judge = self.project(self.discriminator_width << (n - 1), 1 + self.classes);
        down.chain([judge]).collect()
    }

    /// The layer between a map of one pixel and the smallest map.
    fn project(&self, input: usize, output: usize) -> Layer {
        Layer { input, output, kernel: self.first(), stride: 1, padding: 0, output_padding: 0 }
    }

    /// A layer of stride 2 whose padding makes it double the size exactly when transposed, and halve it
    /// otherwise.
    fn double(&self, input: usize, output: usize) -> Layer {
        let padding = (self.kernel - 1) / 2;
        let output_padding = 2 + 2 * padding - self.kernel;
        Layer { input, output, kernel: self.kernel, stride: 2, padding, output_padding }
    }

    /// Shape of the discriminator's features before the logit, `[channels, rows, columns]`.
    pub fn features(&self) -> [usize; 3] {
        [self.discriminator_width << (self.doublings() - 1), self.first(), self.first()]
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = |layers: Vec<Layer>| {
            let widths: Vec<String> = layers.iter().map(|layer| layer.output.to_string()).collect();
            widths.join("-")
        };
        let Self { size, latent, kernel, classes, .. } = self;
        let (generator, discriminator) = (widths(self.generator()), widths(self.discriminator()));
        let by = if *classes > 0 { format!(" + {classes} classes") } else { String::new() };
        write!(f, "generator {latent}{by} → {generator}, discriminator {discriminator}, ")?;
        write!(f, "{size}×{size}, kernel {kernel}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    /// Rows of the output of a transposed convolution.
    fn transposed(rows: usize, layer: &Layer) -> usize {
        (rows - 1) * layer.stride + layer.kernel + layer.output_padding - 2 * layer.padding
    }

    fn strided(rows: usize, layer: &Layer) -> usize {
        (rows + 2 * layer.padding - layer.kernel) / layer.stride + 1
    }

    #[test]
    fn the_paper_s_network() {
        let paper = Preset::Paper64.network(64, 3, 0);
        let channels: Vec<_> = paper.generator().iter().map(|l| (l.input, l.output)).collect();
        assert_eq!(channels, [(100, 1024), (1024, 512), (512, 256), (256, 128), (128, 3)]);
        let channels: Vec<_> = paper.discriminator().iter().map(|l| (l.input, l.output)).collect();
        assert_eq!(channels, [(3, 128), (128, 256), (256, 512), (512, 1024), (1024, 1)]);
        assert_eq!(paper.features(), [1024, 4, 4]);
        let text = "generator 100 → 1024-512-256-128-3, discriminator 128-256-512-1024-1, 64×64, \
                    kernel 5";
        assert_eq!(paper.to_string(), text);
    }

    #[test]
    fn every_size_and_kernel_fits() {
        let small =
            Network { width: 4, discriminator_width: 6, ..Preset::Micro128k.network(32, 1, 0) };
        for size in SIZES {
            for kernel in [4, 5] {
                let network = Network { size, kernel, ..small };
                network.check().unwrap();
                let generator = network.generator();
                assert_eq!(generator.iter().fold(1, transposed), size);
                assert_eq!(generator[generator.len() - 1].input, 4);
                let discriminator = network.discriminator();
                assert_eq!(discriminator.iter().fold(size, strided), 1);
                assert_eq!(discriminator[0].output, 6);
            }
        }
    }

    #[test]
    fn other_numbers_are_refused() {
        let good = Preset::Micro256k.network(32, 3, 0);
        let refused = |network: Network, expected: &str| {
            assert_eq!(network.check().unwrap_err().to_string(), expected);
        };
        refused(Network { size: 48, ..good }, "size 48: must be 16, 28, 32, 64 or 128");
        refused(Network { channels: 2, ..good }, "2 channels: must be 1 or 3");
        refused(Network { kernel: 3, ..good }, "kernel 3: must be 4 or 5");
        refused(Network { latent: 0, ..good }, "latent 0: must be 1 to 1024");
        refused(Network { width: 257, ..good }, "width 257: must be 1 to 256");
    }
}
