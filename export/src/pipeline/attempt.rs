//! One attempt: a network quantised with one mix of 8 and 12 bits, written as a `.gen` and drawn.

use crate::calibrate::equalize::equalize;
use crate::calibrate::{Statistics, calibrate};
use crate::draw::comparison::Comparison;
use crate::network::Network;
use crate::network::quantization::Quantization;
use crate::picture::Planes;
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

/// The calibrated, equalised and folded network from which all attempts begin.
pub(crate) struct Groundwork<'a> {
    pub(crate) options: &'a Options,
    /// The network as imported.
    pub(crate) network: &'a Network,
    /// The file to write, still without layers.
    draft: Draft,
    pixels: PixelRule,
    /// The same network after [`equalize`], which divides channels with rare large values.
    equalized: Network,
    /// The values that the equalised network's tensors took in calibration, and its folded layers.
    pub(crate) statistics: Statistics,
    /// 8-bit quantisation of every hidden tensor.
    bytes: Vec<Quantization>,
    /// 12-bit quantisation of every hidden tensor.
    wide: Vec<Quantization>,
    /// Recorded inputs of the layers, for rounding 8-bit weights.
    inputs: Inputs,
}

/// A quantised network as a file.
pub(crate) struct GenFile<'a> {
    /// Its content.
    pub(crate) draft: Draft,
    /// The real numbers that each layer stands for.
    pub(crate) reals: Vec<Real<'a>>,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// The file of a mix, its pictures, and how close they are to the float network's.
pub(crate) struct Attempt<'a> {
    pub(crate) file: GenFile<'a>,
    pub(crate) pictures: Vec<Planes>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) fidelity: Fidelity,
}

impl<'a> Groundwork<'a> {
    /// Calibrates, equalises and folds `network`. `draft` is its file, still without layers. `done` is called after
    /// every picture.
    ///
    /// # Errors
    ///
    /// If tract can't run the network, or a tensor isn't finite.
    pub(crate) fn prepare(
        network: &'a Network,
        draft: Draft,
        pixels: PixelRule,
        options: &'a Options,
        done: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        let (seed, count) = (options.seed, options.calibrate);
        let mut statistics = calibrate(network, seed, count, done)?;
        let bytes = statistics.bytes();
        let mut equalized = network.clone();
        if equalize(&mut equalized, &bytes, &statistics.limits, options.headroom) {
            statistics = calibrate(&equalized, seed, count, done)?;
        }
        let wide = statistics.wide();
        let inputs = Inputs::record(&equalized, &bytes, seed, count.min(ROUNDED_FOR), done)?;
        Ok(Self { options, network, draft, pixels, equalized, statistics, bytes, wide, inputs })
    }

    /// Quantisation of every hidden tensor in `mix`.
    pub(crate) fn tensors(&self, mix: &Mix) -> Vec<Quantization> {
        mix.tensors(&self.bytes, &self.wide)
    }

    /// Quantises the network with `mix` and writes its `.gen`.
    ///
    /// # Errors
    ///
    /// If the numbers of a node do not fit, naming the node, or no plan fits the RAM budget.
    pub(crate) fn quantize(&self, mix: &Mix) -> Result<GenFile<'_>> {
        let (folded, tensors) = (&self.statistics.folded, self.tensors(mix));
        let Quantized { layers, reals } =
            quantize(&self.equalized, folded, &tensors, mix, self.pixels, &self.inputs)?;
        let mut draft = Draft { layers, ..self.draft.clone() };
        let mut bytes = to_bytes(&draft, self.network)?;
        if let Some(budget) = self.options.ram_budget {
            draft.whole = plans::choose(&Model::parse(&bytes)?, budget)?.whole;
            bytes = to_bytes(&draft, self.network)?;
        }
        Ok(GenFile { draft, reals, bytes })
    }

    /// Sensitivity of the pictures to each layer's 8 bits. `file` has 8 bits throughout.
    ///
    /// # Errors
    ///
    /// If tract can't run the network.
    pub(crate) fn sensitivities(&self, file: &GenFile) -> Result<Vec<Sensitivity>> {
        let quantized = (&*file.draft.layers, &*file.reals);
        sensitivities(&self.equalized, &self.bytes, quantized, self.pixels, self.options.seed)
    }
}

impl<'a> Attempt<'a> {
    /// Draws the latents of `comparison` with `file` and compares the pictures.
    ///
    /// # Errors
    ///
    /// If gen-core refuses the file.
    pub(crate) fn draw(file: GenFile<'a>, comparison: &Comparison) -> Result<Self> {
        let pictures = comparison.draw(&file.bytes)?;
        let pairs = comparison.pairs(&pictures);
        Ok(Self { fidelity: Fidelity::of(&pairs), pictures, pairs, file })
    }

    /// The attempt as the search for a mix sees it.
    pub(crate) fn outcome(self) -> Outcome<Self> {
        Outcome { psnr: self.fidelity.psnr_mean, flash: self.file.bytes.len(), attempt: self }
    }
}
