//! One attempt: a network quantised with one mix of 8 and 12 bits, written as a `.gen` and drawn.

use crate::calibrate::equalize::equalize;
use crate::calibrate::{Seen, calibrate, range};
use crate::draw::comparison::Comparison;
use crate::latent;
use crate::network::Network;
use crate::network::quantization::Quantization;
use crate::picture::Picture;
use crate::picture::fidelity::{Fidelity, Pair};
use crate::picture::pixel_rule::PixelRule;
use crate::pipeline::options::{Options, ROUNDED_FOR};
use crate::quantize::mix::{Mix, Outcome};
use crate::quantize::sensitivity::{Sensitivity, sensitivities};
use crate::quantize::{Inputs, Quantized, Real, quantize};
use crate::report::gen_file::to_bytes;
use crate::report::plans;
use anyhow::Result;
use gen_core::Model;
use gen_core::format::write::Draft;

/// The calibrated and equalised network from which all attempts begin.
pub(crate) struct Groundwork<'a> {
    pub(crate) options: &'a Options,
    name: &'a str,
    source_sha256: [u8; 32],
    /// The network as imported.
    pub(crate) network: &'a Network,
    pixels: PixelRule,
    /// The same network after [`equalize`], which divides channels with rare large values.
    equalized: Network,
    /// The values that the equalised network's tensors took in calibration.
    pub(crate) seen: Seen,
    /// 8-bit quantisation of every hidden tensor.
    bytes: Vec<Quantization>,
    /// 12-bit quantisation of every hidden tensor.
    wide: Vec<Quantization>,
    /// Recorded inputs of the layers, for rounding 8-bit weights.
    inputs: Inputs,
}

/// A quantised network and its file.
pub(crate) struct Made {
    pub(crate) draft: Draft,
    pub(crate) reals: Vec<Real>,
    pub(crate) gen_file: Vec<u8>,
}

/// A quantised network, its pictures, and how close they are to the float network's.
pub(crate) struct Drawn {
    pub(crate) made: Made,
    pub(crate) pictures: Vec<Picture>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) fidelity: Fidelity,
}

impl<'a> Groundwork<'a> {
    /// Calibrates and equalises `network`, whose file has the hash `source_sha256`. `done` is called after every
    /// picture.
    ///
    /// # Errors
    /// If tract can't run the network, or a tensor isn't finite.
    pub(crate) fn prepare(
        (network, source_sha256): (&'a Network, [u8; 32]),
        pixels: PixelRule,
        (name, options): (&'a str, &'a Options),
        done: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        let (seed, count) = (options.seed, options.calibrate);
        let mut seen = calibrate(network, seed, count, done)?;
        let bytes = seen.ranges();
        let mut equalized = network.clone();
        if equalize(&mut equalized, &bytes, &seen.limits, options.headroom) {
            seen = calibrate(&equalized, seed, count, done)?;
        }
        let wide = seen.limits.iter().map(range::wide).collect();
        let inputs = Inputs::see(&equalized, &bytes, seed, count.min(ROUNDED_FOR), done)?;
        Ok(Self {
            options,
            name,
            source_sha256,
            network,
            pixels,
            equalized,
            seen,
            bytes,
            wide,
            inputs,
        })
    }

    /// Quantisation of every hidden tensor in `mix`.
    pub(crate) fn ranges(&self, mix: &Mix) -> Vec<Quantization> {
        mix.ranges(&self.bytes, &self.wide)
    }

    /// Quantises the network with `mix` and writes its `.gen`.
    ///
    /// # Errors
    /// If the numbers of a node do not fit, naming the node, or no plan fits the RAM budget.
    pub(crate) fn make(&self, mix: &Mix) -> Result<Made> {
        let weights = mix.weights(self.network.layers.len());
        let (ranges, looked_up) = (self.ranges(mix), &self.seen.looked_up);
        let Quantized { layers, reals } =
            quantize(&self.equalized, &ranges, &weights, looked_up, self.pixels, &self.inputs)?;
        let mut draft = Draft {
            name: self.name.to_owned(),
            source: self.source_sha256,
            latent: latent::short(&self.network.latent),
            whole: 0,
            layers,
            directions: Vec::new(),
        };
        let mut gen_file = to_bytes(&draft, self.network)?;
        if let Some(budget) = self.options.ram_budget {
            draft.whole = plans::choose(&Model::parse(&gen_file)?, budget)?.whole;
            gen_file = to_bytes(&draft, self.network)?;
        }
        Ok(Made { draft, reals, gen_file })
    }

    /// Sensitivity of the pictures to each layer's 8 bits. `made` has 8 bits throughout.
    ///
    /// # Errors
    /// If tract can't run the network.
    pub(crate) fn sensitivities(&self, made: &Made) -> Result<Vec<Sensitivity>> {
        let quantized = (&*made.draft.layers, &*made.reals);
        sensitivities(&self.equalized, &self.bytes, quantized, self.pixels, self.options.seed)
    }
}

impl Drawn {
    /// Draws the latents of `comparison` with `made` and compares the pictures. `done` is called after every picture.
    ///
    /// # Errors
    /// If gen-core refuses the file.
    pub(crate) fn new(
        made: Made,
        comparison: &Comparison,
        done: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        let pictures = comparison.draw(&made.gen_file, done)?;
        let pairs = comparison.pairs(&pictures)?;
        Ok(Self { fidelity: Fidelity::of(&pairs), pictures, pairs, made })
    }
}

impl Outcome for Drawn {
    fn psnr(&self) -> f64 {
        self.fidelity.psnr_mean
    }

    fn flash(&self) -> usize {
        self.made.gen_file.len()
    }
}
