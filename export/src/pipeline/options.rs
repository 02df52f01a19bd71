//! What an export is done with.

use crate::latent::wish::Wishes;
use crate::picture::pixel_rule::PixelRule;
use crate::quantize::mix::Goal;
use crate::report::Settings;
use crate::report::gen_file::stem;
use anyhow::{Result, ensure};
use gen_core::format::MODEL_NAME;
use std::path::{Path, PathBuf};

/// From a channel's largest values in 256 pictures to those of all: less cuts more off, more is coarser
/// (docs/studies.md, `cargo run -p export --example headroom`).
const HEADROOM: f64 = 1.2;

/// Most latents that weights are rounded for: their maps are all held at once.
pub(crate) const ROUNDED_FOR: usize = 256;

/// How many mixes of a network of five layers are drawn at most.
const DRAWN_BY_SEARCH: usize = 18;

/// How to export.
#[derive(Clone, Debug)]
pub struct Options {
    /// The model's name; without one, the file's.
    pub name: Option<String>,
    /// What is asked of the inputs; latents are drawn from N(0, 1) where neither this nor the file says otherwise.
    pub wishes: Wishes,
    /// The pixel rule, where the last layer doesn't tell it.
    pub pixels: Option<PixelRule>,
    /// Latents to choose the ranges on, at least 1.
    pub calibrate: usize,
    /// Latents to compare the pictures on, at least 1; none of those above.
    pub compare: usize,
    /// Seed of both.
    pub seed: u64,
    /// How much farther than what was seen of it each channel of a tensor must reach, at least 1; 0 for
    /// tensors that all channels reach alike.
    pub headroom: f64,
    /// Bits of all tensors between the layers: 8, or 12 without a goal.
    pub activations: u8,
    /// Bits of all weights, likewise.
    pub weights: u8,
    /// What some weights and tensors are given 12 bits for. PSNR is that of the comparison.
    pub goal: Goal,
    /// A network by whose features pictures are compared too: [`Classifier::load`].
    pub classifier: Option<PathBuf>,
    /// Whether [`Export::qdq`](crate::pipeline::Export::qdq) is wanted.
    pub qdq: bool,
    /// Bytes of working memory that the engine may take; without it, every layer goes row by row.
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
            activations: 8,
            weights: 8,
            goal: Goal::default(),
            classifier: None,
            qdq: false,
            ram_budget: None,
        }
    }
}

impl Options {
    /// Refuses what cannot be, before any work is done.
    ///
    /// # Errors
    /// Naming the option.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(self.calibrate > 0 && self.compare > 0, "at least one latent is needed");
        ensure!(
            self.classifier.is_none() || self.compare > 1,
            "distances between distributions need more than one picture"
        );
        for (what, bits) in [("activations", self.activations), ("weights", self.weights)] {
            let possible = bits == 8 || bits == 12 && !self.goal.is_some();
            ensure!(
                possible,
                "{what} of {bits} bits: 8 are possible, and 12 where no goal is to be reached"
            );
        }
        Ok(())
    }

    /// What the report says of them; the pixel rule is `pixels`.
    pub(crate) fn settings(&self, pixels: PixelRule) -> Settings {
        Settings {
            pixels: [pixels.low, pixels.high],
            calibration_latents: self.calibrate,
            label: self.wishes.label,
            ram_budget: self.ram_budget,
            headroom: self.headroom,
            activation_bits: self.activations,
            weight_bits: self.weights,
            goal: self.goal,
            seed: self.seed,
        }
    }

    /// Seed and number of the pictures that are compared.
    pub(crate) fn compared(&self) -> (u64, usize) {
        (self.seed, self.compare)
    }

    /// How often [`export`](crate::pipeline::export) `done` at most; with a goal, of a network of five layers.
    pub fn pictures(&self) -> usize {
        4 * self.calibrate
            + self.calibrate.min(ROUNDED_FOR)
            + (2 + if self.goal.is_some() { DRAWN_BY_SEARCH } else { 0 }) * self.compare
            + self.classifier.as_ref().map_or(0, |_| 4 * self.compare)
    }

    /// The name of the model at `path`, which is also its files'.
    ///
    /// # Errors
    /// If it doesn't fit a `.gen` file or isn't a file's name.
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
