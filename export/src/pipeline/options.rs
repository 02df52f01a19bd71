//! The options of an export, their defaults, and which are refused.

use crate::latent::wish::Wishes;
use crate::network::Network;
use crate::network::ending::pixel_rule;
use crate::picture::pixel_rule::PixelRule;
use crate::quantize::gen_file::stem;
use crate::quantize::mix::Goal;
use crate::report::Settings;
use anyhow::{Result, ensure};
use gen_core::format::MODEL_NAME;
use std::path::{Path, PathBuf};

/// Headroom: the range of a channel, as a factor of its largest value in 256 pictures. A smaller factor cuts off more
/// values, a larger one makes steps coarser (docs/studies.md, `cargo run -p export --example headroom`).
const HEADROOM: f64 = 1.2;

/// Maximum number of latents whose maps are recorded for rounding the weights: all these maps are in memory at once.
pub(crate) const ROUNDED_FOR: usize = 256;

/// Maximum number of mixes that the search draws for a network of five layers.
const DRAWN_BY_SEARCH: usize = 18;

/// How to export.
#[derive(Clone, Debug)]
pub struct Options {
    /// The model's name; `None` takes the file's.
    pub name: Option<String>,
    /// Label and distributions that the user asks for. Where neither these nor the file name a distribution, latents
    /// are drawn from N(0, 1).
    pub wishes: Wishes,
    /// The pixel rule, for a network whose last activation doesn't fix it.
    pub pixels: Option<PixelRule>,
    /// Number of calibration latents, at least 1.
    pub calibrate: usize,
    /// Number of latents on which pictures are compared, at least 1. Calibration takes none of them.
    pub compare: usize,
    /// Seed of the calibration and of the comparison.
    pub seed: u64,
    /// Headroom: the minimum range of each channel, as a factor of its largest value in calibration; at least 1, or 0 to
    /// change no channel (see [`lift`](crate::calibrate::equalize::lift) and [`divide`](crate::calibrate::equalize::divide)).
    pub headroom: f64,
    /// Bits of all tensors between the layers, 8 or 12, and no search. `None` if they are to be chosen.
    pub activations: Option<u8>,
    /// Bits of all weights, as `activations`.
    pub weights: Option<u8>,
    /// Goal of the search that gives 12 bits to some weights and tensors. Its PSNR is that of the comparison. Without a
    /// goal, weights and tensors have 8 bits if these reach [`Goal::GOOD`]; otherwise that is the goal.
    pub goal: Goal,
    /// ONNX of a classifier whose features give Fréchet distances, see
    /// [`Classifier::load`](crate::draw::classifier::Classifier::load).
    pub classifier: Option<PathBuf>,
    /// Whether to make [`Export::qdq`](crate::pipeline::Export::qdq).
    pub qdq: bool,
    /// Bytes of working memory that the engine may use; `None` computes every layer row by row.
    pub ram_budget: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: None,
            wishes: Wishes::default(),
            pixels: None,
            calibrate: 256,
            compare: 256,
            seed: 1,
            headroom: HEADROOM,
            activations: None,
            weights: None,
            goal: Goal::default(),
            classifier: None,
            qdq: false,
            ram_budget: None,
        }
    }
}

impl Options {
    /// Checks counts and widths before any work is done.
    ///
    /// # Errors
    ///
    /// If one is not possible, naming it.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(self.calibrate > 0 && self.compare > 0, "at least one latent is needed");
        ensure!(
            self.classifier.is_none() || self.compare > 1,
            "distances between distributions need more than one picture"
        );
        for (what, bits) in [("activations", self.activations), ("weights", self.weights)] {
            let Some(bits) = bits else { continue };
            let possible = [8, 12].contains(&bits) && !self.goal.is_some();
            ensure!(possible, "{what} of {bits} bits: possible are 8 and 12, if no goal is given");
        }
        Ok(())
    }

    /// The options as the report lists them, for `network` with the pixel rule `pixels`.
    pub(crate) fn settings(&self, network: &Network, pixels: PixelRule) -> Settings {
        // A network that leaves the rule open takes any.
        let other = || pixel_rule(network, Some(PixelRule::UNIT)).is_ok_and(|it| it != pixels);
        Settings {
            pixels: [pixels.low, pixels.high],
            pixels_assumed: self.pixels.is_none() && other(),
            calibration_latents: self.calibrate,
            label: self.wishes.label,
            ram_budget: self.ram_budget,
            headroom: self.headroom,
            activation_bits: self.activations.unwrap_or(8),
            weight_bits: self.weights.unwrap_or(8),
            goal: self.goal,
            seed: self.seed,
        }
    }

    /// Whether nothing but the options decides which weights and tensors have 12 bits.
    pub(crate) fn fixed(&self) -> bool {
        self.activations.is_some() || self.weights.is_some()
    }

    /// Maximum number of pictures that [`export`](crate::pipeline::export) draws, and of calls of its `done`. With a
    /// goal, it is for a network of five layers; without, for one that is good enough in 8 bits.
    pub fn pictures(&self) -> usize {
        6 * self.calibrate
            + self.calibrate.min(ROUNDED_FOR)
            + (2 + if self.goal.is_some() { DRAWN_BY_SEARCH } else { 0 }) * self.compare
            + self.classifier.as_ref().map_or(0, |_| 4 * self.compare)
    }

    /// The name of the model at `path` and of the files that are written.
    ///
    /// # Errors
    ///
    /// If it is too long for a `.gen` file, or can't be a file's name.
    pub fn name(&self, path: &Path) -> Result<String> {
        let name = self.name.clone().unwrap_or_else(|| stem(path));
        let fits = (1..=MODEL_NAME).contains(&name.len()) && !name.contains(['/', '\\', '\0']);
        ensure!(
            fits,
            "\"{name}\" is no name for a model: give one of 1 to {MODEL_NAME} bytes with --name"
        );
        Ok(name)
    }
}
