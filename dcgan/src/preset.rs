//! Named network sizes.

use crate::network::Network;
use clap::ValueEnum;

/// Sizes of a network, except the channels of its pictures, which the data determine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// The paper's own 64×64 network: z 100, 1024-512-256-128-3, kernel 5
    Paper64,
    /// 32×32 for a device with 128 KB of flash
    #[value(name = "micro-128k")]
    Micro128k,
    /// 32×32 for a device with 256 KB of flash
    #[value(name = "micro-256k")]
    Micro256k,
    /// 64×64 for a device with 1 MB of flash
    #[value(name = "micro-1m")]
    Micro1m,
    /// 64×64 for a device with 4 MB of flash
    #[value(name = "micro-4m")]
    Micro4m,
}

impl Preset {
    /// The network for pictures of `channels` channels.
    pub fn network(self, channels: usize) -> Network {
        let network = |size, latent, width, discriminator_width, kernel| Network {
            size,
            channels,
            latent,
            labels: 0,
            width,
            discriminator_width,
            kernel,
        };
        // The discriminator never runs on a device, so it may be wider than the generator.
        match self {
            Self::Paper64 => network(64, 100, 128, 128, 5),
            Self::Micro128k => network(32, 20, 12, 32, 4),
            Self::Micro256k => network(32, 32, 24, 32, 4),
            Self::Micro1m => network(64, 64, 30, 32, 4),
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
