//! Layouts of widely copied generators, known by the kernels and names of their layers.

use crate::checkpoint::order::chain::{Chain, Linear};
use crate::checkpoint::settings::{Activation, Padding, PerLayer, Settings};

/// A layout: which chains have it, and what their checkpoints do not store.
struct Layout {
    name: &'static str,
    /// Kernels of the layers; 0 stands for a dense one.
    kernels: &'static [usize],
    /// Ends of the layers' names; any if there is none.
    names: &'static [&'static str],
    stride: &'static str,
    padding: &'static str,
    output_padding: &'static str,
    upsample: &'static str,
    activation: &'static str,
    epsilon: &'static str,
}

const LAYOUTS: [Layout; 3] = [
    // A course's 28×28: 1, 3, 6, 13, 28.
    Layout {
        name: "3-4-3-4",
        kernels: &[3, 4, 3, 4],
        names: &[],
        stride: "_,1,2,2",
        padding: "0",
        output_padding: "0",
        upsample: "_",
        activation: "_",
        epsilon: "_",
    },
    // 28×28 by transposed convolutions alone: 1, 4, 7, 14, 28.
    Layout {
        name: "4-3-4-4",
        kernels: &[4, 3, 4, 4],
        names: &[],
        stride: "_",
        padding: "_,1,_,_",
        output_padding: "_,0,_,_",
        upsample: "_",
        activation: "_",
        epsilon: "_",
    },
    // PyTorch-GAN: its BatchNorm2d(channels, 0.8) sets epsilon.
    Layout {
        name: "PyTorch-GAN's",
        kernels: &[0, 3, 3, 3],
        names: &["l1.0", "conv_blocks.2", "conv_blocks.6", "conv_blocks.9"],
        stride: "_",
        padding: "_",
        output_padding: "_",
        upsample: "_,2,2,_",
        activation: "none,leaky:0.2,leaky:0.2,_",
        epsilon: "_,0.8,0.8,_",
    },
];

/// The first layer of autoencoders' decoders, behind which there is no activation.
const DECODER: &str = "decoder_input";

/// The name of the layout that `chain` has, and what is usual for it; none if it is no known one.
pub(crate) fn layout<'a>(chain: &Chain<'a>) -> Option<(&'a str, Settings)> {
    let kernel = |linear: Linear, kernel: usize| if linear == Linear::Dense { 0 } else { kernel };
    let kernels: Vec<_> = chain.links.iter().map(|it| kernel(it.linear, it.kernel)).collect();
    let layout = LAYOUTS.iter().find(|layout| {
        let mut names = chain.links.iter().zip(layout.names);
        layout.kernels == kernels && names.all(|(link, end)| link.name.ends_with(end))
    });
    let Some(layout) = layout else {
        let first = chain.links.first().filter(|link| link.name.ends_with(DECODER))?;
        let activation = PerLayer::default().with(0, Activation::None, chain.links.len());
        return Some((first.name, Settings { activation, ..Settings::default() }));
    };
    let settings = Settings {
        stride: layout.stride.parse().ok()?,
        padding: layout.padding.parse::<PerLayer<Padding>>().ok()?,
        output_padding: layout.output_padding.parse().ok()?,
        upsample: layout.upsample.parse().ok()?,
        activation: layout.activation.parse::<PerLayer<Activation>>().ok()?,
        epsilon: layout.epsilon.parse().ok()?,
        ..Settings::default()
    };
    Some((layout.name, settings))
}
