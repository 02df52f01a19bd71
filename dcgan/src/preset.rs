//! Named network sizes.

use crate::network::{Network, SMALL};
use clap::ValueEnum;

/// Sizes of a network for pictures of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// The sizes of the paper's own 64×64 network: z 100, 1024-512-256-128-3, kernel 5
    Paper64,
    /// For a device with 128 KB of flash: 32×32 with 48-24-12 channels
    #[value(name = "micro-128k")]
    Micro128k,
    /// For 256 KB: 32×32 with 96-48-24
    #[value(name = "micro-256k")]
    Micro256k,
    /// For 1 MB: 64×64 with 256-128-64-32
    #[value(name = "micro-1m")]
    Micro1m,
    /// For 4 MB: 64×64 with 512-256-128-64
    #[value(name = "micro-4m")]
    Micro4m,
}

impl Preset {
    /// The default for pictures of `size`: `micro-256k` up to 32×32, otherwise `micro-1m`.
    pub fn of(size: usize) -> Self {
        if size > SMALL { Self::Micro1m } else { Self::Micro256k }
    }

    /// The network for pictures of `size` and `channels`, and of `classes`, which may be 0. The generator is as wide as it
    /// can be, in steps of 2, with no more weights than at the preset's own size without classes; the discriminator has as
    /// many features as there.
    pub fn network(self, size: usize, channels: usize, classes: usize) -> Network {
        let own = self.own(channels);
        let [each, ..] = Network { size, discriminator_width: 1, ..own }.features();
        let discriminator_width = (own.features()[0] / each).clamp(1, 256);
        let of = |width| Network { size, classes, width, discriminator_width, ..own };
        let mut networks = (1..=128).rev().map(|half| of(2 * half));
        networks.find(|it| it.weights() <= own.weights()).unwrap_or(of(2))
    }

    /// The network for pictures of the preset's own size.
    fn own(self, channels: usize) -> Network {
        let network = |size, latent, width, discriminator_width, kernel| Network {
            size,
            channels,
            latent,
            classes: 0,
            width,
            discriminator_width,
            discriminator_norm: true,
            kernel,
        };
        // The discriminator never runs on a device, so it may be wider than the generator.
        match self {
            Self::Paper64 => network(64, 100, 128, 128, 5),
            Self::Micro128k => network(32, 20, 12, 32, 4),
            Self::Micro256k => network(32, 32, 24, 32, 4),
            Self::Micro1m => network(64, 32, 32, 32, 4),
            Self::Micro4m => network(64, 100, 64, 64, 4),
        }
    }

    /// Flash of the target device in bytes; `None` if the preset is not made for a device.
    pub fn flash(self) -> Option<usize> {
        match self {
            Self::Paper64 => None,
            Self::Micro128k => Some(128 << 10),
            Self::Micro256k => Some(256 << 10),
            Self::Micro1m => Some(1 << 20),
            Self::Micro4m => Some(4 << 20),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::network::{CHANNELS, SIZES};

    #[test]
    fn all_sizes_have_as_many_weights() {
        for preset in Preset::value_variants() {
            let own = preset.own(3);
            assert_eq!(preset.network(own.size, 3, 0), own);
            for (size, channels) in SIZES.iter().flat_map(|size| CHANNELS.map(|it| (*size, it))) {
                let (network, own) = (preset.network(size, channels, 0), preset.own(channels));
                network.check().unwrap();
                let wider = Network { width: network.width + 2, ..network };
                assert_eq!((network.size, network.channels), (size, channels));
                assert!(network.weights() <= own.weights(), "{preset:?}: {network}");
                let is_widest = wider.weights() > own.weights() || wider.width > 256;
                assert!(is_widest, "{preset:?}: {network}");
            }
        }
        let widths = SIZES.map(|size| Preset::Micro256k.network(size, 3, 0).width);
        assert_eq!(widths, [52, 32, 24, 10, 4]);
        assert_eq!(Preset::Micro256k.network(28, 1, 10).width, 28);
    }
}
