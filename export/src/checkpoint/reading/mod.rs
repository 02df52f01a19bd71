//! The readings of a checkpoint: generators that its tensors may belong to.

pub(crate) mod architecture;
pub(crate) mod geometry;
mod known;
mod size;

use crate::checkpoint::Format;
use crate::checkpoint::choice::statistics::{Score, last_tested};
use crate::checkpoint::order::chain::{Chain, Linear};
use crate::checkpoint::order::direction;
use crate::checkpoint::order::search::Evidence;
use crate::checkpoint::part::label::{self, Label};
use crate::checkpoint::part::numbering::Numbering;
use crate::checkpoint::reading::architecture::Architecture;
use crate::checkpoint::settings::{Activation, Labels, Settings, Told};
use anyhow::{Context, Result, anyhow};
use gen_core::latent::Distribution;

/// Slopes of LeakyReLU that are common.
const COMMON_SLOPES: [f32; 2] = [0.2, 0.01];

/// What all readings of a checkpoint share.
pub(crate) struct Subject<'a> {
    pub(crate) label: Option<Label<'a>>,
    pub(crate) numbering: Numbering<'a>,
    /// What a person has said.
    pub(crate) given: Settings,
    pub(crate) format: Format,
    /// Whether the file is of a variational autoencoder, whose decoders end in a sigmoid.
    pub(crate) autoencoder: bool,
    /// The names of the modules in the order in which the search has them.
    pub(crate) names: Vec<&'a str>,
    pub(crate) evidence: Evidence,
    /// Whether there may be orders beside those that were found.
    pub(crate) capped: bool,
}

/// One generator that the tensors may belong to.
#[derive(Clone)]
pub(crate) struct Reading<'a> {
    pub(crate) chain: Chain<'a>,
    pub(crate) labels: Labels,
    /// What is assumed where a person has said nothing and where it is not the default.
    pub(crate) assumed: Settings,
    /// What distinguishes this reading from others that fit, as options.
    pub(crate) choice: Settings,
    /// The name of the known layout that it has.
    pub(crate) layout: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// Whether names and orders follow Keras' conventions, else PyTorch's.
    pub(crate) fn is_keras(&self) -> bool {
        self.format == Format::Keras
    }

    /// The layers of `reading`.
    ///
    /// # Errors
    /// If a layer can't have its geometry.
    pub(crate) fn architecture(&self, reading: &Reading<'a>) -> Result<Architecture<'a>> {
        let told = Told { given: &self.given, assumed: &reading.assumed };
        let label = (reading.labels, self.label.as_ref());
        Architecture::new(&reading.chain, label, told, &self.numbering, self.is_keras())
    }

    /// The distribution of the noise that `reading` assumes, or that a person has said.
    pub(crate) fn distribution(&self, reading: &Reading) -> Distribution {
        let told = self.given.latent.or(reading.assumed.latent);
        told.unwrap_or(Distribution::Normal)
    }

    /// The readings of `chains`, the most probable first. There is at least one.
    ///
    /// # Errors
    /// If none can be: the first one's reason.
    pub(crate) fn readings(&self, chains: &[Chain<'a>]) -> Result<Vec<Reading<'a>>> {
        let several = chains.len() > 1;
        let mut readings = Vec::new();
        let mut error = None;
        for chain in chains {
            let inputs = chain.links.first().map_or(0, |link| link.channels_in);
            let entries = label::entries(self.label.as_ref(), inputs, chain.joined, &self.given)?;
            let settled = direction::settled(chain);
            let directions = settled.len();
            for settled in settled {
                for &labels in &entries {
                    let mut choice = Settings::default();
                    if several {
                        let names = chain.order.iter().map(|&index| self.names[index].to_owned());
                        choice.order = Some(names.collect());
                    }
                    if directions > 1 {
                        choice.convolution = settled.directions();
                    }
                    if entries.len() > 1 {
                        choice.labels = Some(labels);
                    }
                    let reading = self.reading(settled.clone(), labels, choice);
                    match self.sized(reading) {
                        Ok(sized) => readings.extend(sized),
                        Err(why) => error = error.or(Some(why)),
                    }
                }
            }
        }
        match readings.is_empty() {
            false => Ok(readings),
            true => Err(error.unwrap_or_else(|| anyhow!("holds no generator"))),
        }
    }

    /// The reading of `chain` that is usual.
    fn reading(&self, chain: Chain<'a>, labels: Labels, choice: Settings) -> Reading<'a> {
        let known = known::layout(&chain);
        let (layout, mut assumed) =
            known.map_or((None, Settings::default()), |(name, settings)| (Some(name), settings));
        assumed.labels = Some(labels);
        if self.autoencoder {
            assumed.output = Some(Activation::Sigmoid);
        }
        Reading { chain, labels, assumed, choice, layout }
    }

    /// `reading`, or if its pictures have no likely size, readings with other strides and paddings.
    fn sized(&self, reading: Reading<'a>) -> Result<Vec<Reading<'a>>> {
        let architecture = self.architecture(&reading)?;
        let [_, height, width] = architecture.picture();
        let proved = self.given.size.is_none() && !size::is_assumed(&architecture);
        let mut variants = vec![];
        if proved || size::is_likely(&architecture, &self.given) {
            // With stored statistics, other strides and paddings can be tested against these.
            let tested = reading.chain.links.iter().any(|link| link.norm.is_some());
            if tested && !self.is_keras() {
                variants = size::rivals(&architecture, &self.given);
            }
            if variants.len() < 2 {
                return Ok(vec![reading]);
            }
        } else {
            // Keras pads as its `same` does, or not at all.
            let found =
                if self.is_keras() { vec![] } else { size::variants(&architecture, &self.given) };
            variants.extend(found);
        }
        let unlikely = || {
            format!(
                "strides and paddings are not stored, and the usual ones end in pictures of {height}×{width}: pass --size \
                 HEIGHTxWIDTH, or --stride, --padding, --output-padding and --upsample"
            )
        };
        variants.first().with_context(unlikely)?;
        let several = variants.len() > 1;
        let varied = variants.into_iter().map(|variant| Reading {
            assumed: variant.or(&reading.assumed),
            choice: if several { reading.choice.or(&variant) } else { reading.choice.clone() },
            ..reading.clone()
        });
        Ok(varied.collect())
    }
}

impl Reading<'_> {
    /// Whether all layers are dense.
    pub(crate) fn is_dense(&self) -> bool {
        self.chain.links.iter().all(|link| link.linear == Linear::Dense)
    }

    /// This reading with the activation of the layers that BatchNorms have tested, by `scores`, assumed for the others, if it
    /// is the same for all.
    pub(crate) fn settled(&self, architecture: &Architecture, scores: &[Score]) -> Self {
        let count = self.chain.links.len();
        let Some(last) = last_tested(scores).filter(|_| scores.iter().all(Score::agrees)) else {
            return self.clone();
        };
        let tested = architecture.layers[..last].iter().map(|layer| layer.activation);
        let mut found: Vec<_> = tested.filter(|it| it.assumed).map(|it| it.value).collect();
        found.retain(|&it| it != Activation::None);
        found.dedup();
        let [kind] = found[..] else { return self.clone() };
        let mut settled = self.clone();
        for index in last..count - 1 {
            if self.assumed.activation.get(index) != Some(Activation::None) {
                settled.assumed.activation = settled.assumed.activation.with(index, kind, count);
            }
        }
        settled
    }

    /// Whether a slope is assumed that is seldom used.
    pub(crate) fn has_seldom_slope(&self) -> bool {
        let count = self.chain.links.len();
        let slopes = (0..count).map(|index| self.assumed.activation.get(index));
        let seldom =
            |it| matches!(it, Some(Activation::Leaky(slope)) if !COMMON_SLOPES.contains(&slope));
        slopes.chain([self.assumed.label_activation]).any(seldom)
    }

    /// Whether this has the order, labels and weights of `other`, and a BatchNorm: what differs are strides, paddings and
    /// activations, and none of the BatchNorms tells them apart.
    pub(crate) fn differs_untested(&self, other: &Self) -> bool {
        self.chain.order == other.chain.order
            && self.labels == other.labels
            && !self.chain.links.iter().zip(&other.chain.links).any(|(a, b)| a.linear != b.linear)
            && self.chain.links.iter().any(|link| link.norm.is_some())
    }

    /// This reading with `other` assumed, before what it assumes by itself.
    pub(crate) fn with(&self, other: &Settings) -> Self {
        let mut reading = self.clone();
        reading.assumed = other.or(&self.assumed);
        reading.choice = other.or(&self.choice);
        reading.labels = other.labels.unwrap_or(self.labels);
        reading
    }
}
