//! One attempt: a network quantised with one mix of 8 and 12 bits, written as a `.gen` and drawn.

use crate::calibrate::equalize::{divide, lift};
use crate::calibrate::{Statistics, calibrate};
use crate::draw::comparison::Comparison;
use crate::network::Network;
use crate::network::quantization::Quantization;
use crate::picture::Planes;
use crate::picture::fidelity::{Difference, Fidelity};
use crate::picture::pixel_rule::PixelRule;
use crate::pipeline::options::{Options, ROUNDED_FOR};
use crate::quantize::gen_file::to_bytes;
use crate::quantize::mix::{Mix, Outcome};
use crate::quantize::plans;
use crate::quantize::sensitivity::{Sensitivity, sensitivities};
use crate::quantize::{Inputs, Quantized, Real, quantize};
use anyhow::Result;
use gen_core::Model;
use gen_core::format::write::Draft;

/// The calibrated, equalised and folded network from which all attempts begin.
pub(crate) struct Prepared<'a> {
    pub(crate) options: &'a Options,
    /// The network as imported.
    pub(crate) network: &'a Network,
    /// The file to write, still without layers.
    draft: Draft,
    pixels: PixelRule,
    /// The same network after [`lift`] and [`divide`], which change the scales of channels.
    equalized: Network,
    /// The values that the equalised network's tensors took in calibration, and its folded layers.
    pub(crate) statistics: Statistics,
    /// 8-bit quantisation of every hidden tensor.
    eight: Vec<Quantization>,
    /// 12-bit quantisation of every hidden tensor.
    twelve: Vec<Quantization>,
    /// Recorded inputs of the layers, for rounding 8-bit weights.
    inputs: Inputs,
}

/// A quantised network as a file.
#[derive(Clone)]
pub(crate) struct GenFile<'a> {
    /// Its content.
    pub(crate) draft: Draft,
    /// The real numbers that each layer stands for.
    pub(crate) reals: Vec<Real<'a>>,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// The file of a mix, its pictures, and how close they are to the float network's.
#[derive(Clone)]
pub(crate) struct Attempt<'a> {
    pub(crate) file: GenFile<'a>,
    pub(crate) pictures: Vec<Planes>,
    pub(crate) differences: Vec<Difference>,
    pub(crate) fidelity: Fidelity,
}

impl<'a> Prepared<'a> {
    /// Calibrates, equalises and folds `network`. `draft` is its file, still without layers. `done` is called after
    /// every picture.
    ///
    /// # Errors
    ///
    /// If tract can't run the network, or a tensor isn't finite.
    pub(crate) fn new(
        network: &'a Network,
        draft: Draft,
        pixels: PixelRule,
        options: &'a Options,
        done: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        let (seed, count) = (options.seed, options.calibrate);
        let mut statistics = calibrate(network, seed, count, done)?;
        let mut eight = statistics.eight_bit();
        let mut equalized = network.clone();
        let lifts = lift(&mut equalized, &eight, &statistics, options.headroom);
        if lifts.iter().flatten().any(|lift| *lift > 1.0) {
            statistics = calibrate(&equalized, seed, count, done)?;
            eight = statistics.eight_bit();
        }
        if divide(&mut equalized, &eight, &statistics.limits, &lifts, options.headroom) {
            statistics = calibrate(&equalized, seed, count, done)?;
        }
        let twelve = statistics.twelve_bit();
        let inputs = Inputs::record(&equalized, &eight, seed, count.min(ROUNDED_FOR), done)?;
        Ok(Self { options, network, draft, pixels, equalized, statistics, eight, twelve, inputs })
    }

    /// Quantisation of every hidden tensor in `mix`.
    pub(crate) fn tensors(&self, mix: &Mix) -> Vec<Quantization> {
        mix.tensors(&self.eight, &self.twelve)
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
        sensitivities(&self.equalized, &self.eight, quantized, self.pixels, self.options.seed)
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
        let differences = comparison.differences(&pictures);
        Ok(Self { fidelity: Fidelity::of(&differences), pictures, differences, file })
    }

    /// The attempt as the search for a mix sees it.
    pub(crate) fn outcome(self) -> Outcome<Self> {
        let Fidelity { psnr_mean: psnr, psnr_worst: worst, .. } = self.fidelity;
        Outcome { psnr, worst, flash: self.file.bytes.len(), attempt: self }
    }
}
