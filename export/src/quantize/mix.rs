//! Mixes: which weights and outputs have 12 bits instead of 8, and the search for the cheapest mix that is good enough.

use crate::network::quantization::Quantization;
use crate::quantize::sensitivity::Sensitivity;
use anyhow::{Result, ensure};
use gen_core::Model;
use gen_core::element::Weight;
use serde::Serialize;

/// Loss of PSNR, in dB, for which 12 bits are not worth keeping if only the flash is limited.
const WORTH: f64 = 0.05;

/// About the fraction that 12-bit inputs add to a layer's time; to whole pictures they add 0.08 to 0.48
/// (docs/performance.md). 12-bit weights double a layer's time.
const SLOWER: f64 = 0.3;

/// A part of the network that can have 12 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MixPart {
    /// A layer's output.
    Output(usize),
    /// A layer's weights.
    Weights(usize),
}

/// The parts that have 12 bits; all others have 8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mix(pub Vec<MixPart>);

impl Mix {
    /// The mix for a network of `layers` layers in which all outputs have 12 bits if `outputs`, and all weights if
    /// `weights`. The last output are pixels and stays in 8 bits.
    pub fn whole(layers: usize, outputs: bool, weights: bool) -> Self {
        let outputs = (0..layers.saturating_sub(1)).filter(|_| outputs).map(MixPart::Output);
        Self(outputs.chain((0..layers).filter(|_| weights).map(MixPart::Weights)).collect())
    }

    /// Whether `part` has 12 bits.
    pub fn has(&self, part: MixPart) -> bool {
        self.0.contains(&part)
    }

    /// The quantisation of each hidden tensor in this mix, chosen from those in 8 bits and those in 12.
    pub fn tensors(&self, eight: &[Quantization], twelve: &[Quantization]) -> Vec<Quantization> {
        let choose = |i| if self.has(MixPart::Output(i)) { twelve[i] } else { eight[i] };
        (0..eight.len()).map(choose).collect()
    }

    /// The type of the weights of layer `index`.
    pub fn weight(&self, index: usize) -> Weight {
        if self.has(MixPart::Weights(index)) { Weight::Wide } else { Weight::Byte }
    }

    fn without(&self, part: MixPart) -> Self {
        Self(self.0.iter().copied().filter(|it| *it != part).collect())
    }
}

/// Goal of the search for a mix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Goal {
    /// Minimum mean PSNR, in dB.
    #[serde(rename = "psnr_db")]
    pub psnr: Option<f64>,
    /// Minimum PSNR of the worst picture, in dB.
    #[serde(rename = "worst_psnr_db")]
    pub worst: Option<f64>,
    /// Maximum size of the `.gen` file, in bytes.
    #[serde(rename = "flash_bytes")]
    pub flash: Option<usize>,
}

impl Goal {
    /// Pictures in which 8 bits can hardly be seen.
    pub const GOOD: Self = Self { psnr: Some(38.0), worst: Some(30.0), flash: None };

    /// Whether there is a goal.
    pub fn is_some(&self) -> bool {
        self.psnr.is_some() || self.worst.is_some() || self.flash.is_some()
    }

    /// Whether a mean PSNR of `psnr` dB and `worst` dB of the worst picture are enough. Without a goal for these, none
    /// are.
    pub fn is_reached_by(&self, psnr: f64, worst: f64) -> bool {
        let reached = |goal: Option<f64>, found| goal.is_none_or(|least| found >= least);
        (self.psnr.is_some() || self.worst.is_some())
            && reached(self.psnr, psnr)
            && reached(self.worst, worst)
    }

    /// Whether a file of `flash` bytes is within the goal.
    fn fits(&self, flash: usize) -> bool {
        self.flash.is_none_or(|most| flash <= most)
    }
}

/// A part of the network, with the gain and the cost of 12 bits.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    part: MixPart,
    /// Mean squared error of the pixels due to its 8 bits alone, computed from the mean PSNR.
    noise: f64,
    /// Cost of 12 bits: the sum of what they add to flash, time and working memory, each as a fraction of the total in
    /// 8 bits.
    cost: f64,
}

/// The parts of a network that can have 12 bits, by descending gain per cost. `model` is its file, of `flash` bytes.
/// Without `sensitivities`, no gain is known.
pub fn candidates(model: &Model, flash: usize, sensitivities: &[Sensitivity]) -> Vec<Candidate> {
    let of = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let noise = |db: f64| 255.0 * 255.0 * libm::pow(10.0, -db / 10.0);
    let macs: u64 = model.layers().iter().map(|layer| layer.useful_macs()).sum();
    let macs_of = |index: usize| {
        let layer = model.layers().get(index);
        layer.map_or(0.0, |layer| layer.useful_macs() as f64 / macs.max(1) as f64)
    };
    let layers = model.layers().iter().zip(model.plan().buffers());
    let mut candidates = Vec::new();
    for (index, (layer, buffer)) in layers.enumerate() {
        let sensitivity = sensitivities.get(index);
        let cost = of(layer.weight_bytes(), flash) + macs_of(index);
        let noise_of_weights = sensitivity.map_or(0.0, |it| noise(it.weights_db));
        candidates.push(Candidate { part: MixPart::Weights(index), noise: noise_of_weights, cost });
        if index + 1 < model.layers().len() {
            let cost = of(buffer.bytes(), model.working_memory())
                + of(layer.epilogue().table_bytes(), flash)
                + macs_of(index + 1) * SLOWER;
            let noise = sensitivity.and_then(|it| it.output_db).map_or(0.0, noise);
            candidates.push(Candidate { part: MixPart::Output(index), noise, cost });
        }
    }
    candidates.sort_by(|a, b| (b.noise / b.cost).total_cmp(&(a.noise / a.cost)));
    candidates
}

/// The result of a mix.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<T> {
    /// Mean PSNR, in dB.
    pub psnr: f64,
    /// PSNR of the worst picture, in dB.
    pub worst: f64,
    /// Bytes of the `.gen` file.
    pub flash: usize,
    /// What was made and drawn.
    pub attempt: T,
}

/// What a search for a mix found.
#[derive(Clone, Debug)]
pub enum Search<T> {
    /// The cheapest mix found that meets the goal.
    Reached(Mix, Outcome<T>),
    /// No mix within the flash that was tried meets the goal.
    Missed {
        /// Largest mean PSNR of the mixes that were tried, in dB.
        mean: f64,
        /// Largest PSNR of their worst pictures, in dB.
        worst: f64,
    },
}

/// Searches for the cheapest mix that meets `goal`.
///
/// The search begins with the mix `first` and its outcome. `draw` quantises and draws a mix; it returns `None` if the
/// mix is not possible, and the search goes on without it. Candidates get 12 bits one after the other, in the given
/// order, until the goal is met. Then each loses them again, the most expensive first, if the goal is met without. If
/// only the flash is limited, candidates get 12 bits as long as they fit, and lose them again as long as all losses
/// together cost less than 0.05 dB. At most two mixes are drawn for each candidate.
///
/// # Errors
///
/// If the first mix exceeds the flash. Those of `draw`.
pub fn search<T>(
    goal: Goal,
    candidates: &[Candidate],
    (mix, first): (Mix, Outcome<T>),
    draw: &mut Draw<T>,
) -> Result<Search<T>> {
    let flash = first.flash;
    ensure!(
        goal.fits(flash),
        "8 bits throughout take {flash} bytes of flash already: give --flash-budget {} or more, or train with fewer \
         channels",
        flash.div_ceil(1024)
    );
    let (mut most, mut most_worst) = (first.psnr, first.worst);
    let mut draw = |mix: &Mix| -> Result<Option<Outcome<T>>> {
        let outcome = draw(mix)?;
        if let Some(outcome) = outcome.as_ref().filter(|it| goal.fits(it.flash)) {
            (most, most_worst) = (most.max(outcome.psnr), most_worst.max(outcome.worst));
        }
        Ok(outcome)
    };
    let (mix, best) = widen(goal, candidates, (mix, first), &mut draw)?;
    let wanted = goal.psnr.is_some() || goal.worst.is_some();
    if wanted && !goal.is_reached_by(best.psnr, best.worst) {
        return Ok(Search::Missed { mean: most, worst: most_worst });
    }
    let (mix, best) = narrow(goal, candidates, (mix, best), &mut draw)?;
    Ok(Search::Reached(mix, best))
}

/// Quantises and draws a mix; `None` if it is not possible.
type Draw<'d, T> = dyn FnMut(&Mix) -> Result<Option<Outcome<T>>> + 'd;

/// Gives 12 bits to one of `candidates` after the other, beginning with `mix` and its outcome `best`, until `goal` is
/// met or no further one fits.
fn widen<T>(
    goal: Goal,
    candidates: &[Candidate],
    (mut mix, mut best): (Mix, Outcome<T>),
    draw: &mut Draw<T>,
) -> Result<(Mix, Outcome<T>)> {
    let left = candidates.iter().map(|candidate| candidate.part).filter(|part| !mix.has(*part));
    let mut left: Vec<MixPart> = left.collect();
    let mut index = 0;
    while index < left.len() && !goal.is_reached_by(best.psnr, best.worst) {
        let wider = Mix([&mix.0[..], &[left[index]]].concat());
        match draw(&wider)? {
            Some(outcome) if goal.fits(outcome.flash) => {
                left.remove(index);
                (mix, best) = (wider, outcome);
                // What was not possible before may be possible now.
                index = 0;
            }
            // A mix that is too large stays too large.
            Some(_) => drop(left.remove(index)),
            None => index += 1,
        }
    }
    Ok((mix, best))
}

/// Takes 12 bits away again, from the most expensive of `candidates` first, where the outcome stays good enough.
fn narrow<T>(
    goal: Goal,
    candidates: &[Candidate],
    (mut mix, mut best): (Mix, Outcome<T>),
    draw: &mut Draw<T>,
) -> Result<(Mix, Outcome<T>)> {
    let most = best.psnr;
    let taken = mix.0.iter().filter_map(|part| candidates.iter().find(|it| it.part == *part));
    let mut taken: Vec<&Candidate> = taken.collect();
    taken.sort_by(|a, b| b.cost.total_cmp(&a.cost));
    for candidate in taken {
        let narrower = mix.without(candidate.part);
        let Some(outcome) = draw(&narrower)? else { continue };
        let enough = match goal.psnr.or(goal.worst) {
            Some(_) => goal.is_reached_by(outcome.psnr, outcome.worst),
            None => outcome.psnr > most - WORTH,
        };
        if enough {
            (mix, best) = (narrower, outcome);
        }
    }
    Ok((mix, best))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches where weights 1 are the noisiest, weights 2 are not possible, and output 0 costs least.
    fn run(goal: Goal) -> Result<Search<()>> {
        run_if(goal, Mix::default(), |mix| !mix.has(MixPart::Weights(2)))
    }

    /// As [`run`], from the mix `first`, with the mixes that are `possible`. At most two mixes are drawn for a part.
    fn run_if(goal: Goal, first: Mix, possible: impl Fn(&Mix) -> bool) -> Result<Search<()>> {
        let all = [
            (MixPart::Output(0), 0.02, 0.01, 0),
            (MixPart::Weights(1), 0.05, 0.1, 40),
            (MixPart::Weights(2), 0.02, 0.1, 10),
            (MixPart::Weights(0), 0.01, 0.5, 100),
        ];
        let candidates = all.map(|(part, noise, cost, _)| Candidate { part, noise, cost });
        // Noise and flash are sums over the parts.
        let of = |mix: &Mix| {
            let noise = 1e-3 + all.iter().filter(|it| !mix.has(it.0)).map(|it| it.1).sum::<f64>();
            let flash = 1000 + all.iter().filter(|it| mix.has(it.0)).map(|it| it.3).sum::<usize>();
            let psnr = -10.0 * noise.log10();
            Outcome { psnr, worst: psnr - 5.0, flash, attempt: () }
        };
        let mut drawn = 0;
        let first = (first.clone(), of(&first));
        let found = search(goal, &candidates, first, &mut |mix| {
            drawn += usize::from(possible(mix));
            Ok(possible(mix).then(|| of(mix)))
        });
        assert!(drawn <= 2 * all.len(), "{drawn} mixes were drawn");
        found
    }

    fn reached(found: Result<Search<()>>) -> Vec<MixPart> {
        match found.unwrap() {
            Search::Reached(mix, _) => mix.0,
            Search::Missed { mean, .. } => panic!("missed, {mean} dB"),
        }
    }

    fn parts(goal: Goal) -> Vec<MixPart> {
        reached(run(goal))
    }

    fn missed(goal: Goal) -> f64 {
        match run(goal).unwrap() {
            Search::Reached(mix, _) => panic!("{mix:?} reaches it"),
            Search::Missed { mean, .. } => mean,
        }
    }

    #[test]
    fn the_cheapest_that_reaches_the_target_is_found() {
        let psnr = |psnr| Goal { psnr: Some(psnr), ..Goal::default() };
        assert_eq!(parts(psnr(9.0)), []);
        // 0.1 of noise to begin with; 0.08 without the output's.
        assert_eq!(parts(psnr(10.9)), [MixPart::Output(0)]);
        // 0.031 is 15.1 dB, 0.051 without the output's is 12.9.
        assert_eq!(parts(psnr(15.0)), [MixPart::Output(0), MixPart::Weights(1)]);
        assert_eq!(parts(psnr(12.5)), [MixPart::Weights(1)], "the output's is taken away again");
        assert_eq!(
            parts(psnr(16.5)),
            [MixPart::Output(0), MixPart::Weights(1), MixPart::Weights(0)]
        );
        assert!((16.7..16.8).contains(&missed(psnr(17.0))));
        // Here the worst picture has 5 dB less than the mean.
        let worst = |worst| Goal { psnr: Some(9.0), worst: Some(worst), flash: None };
        assert_eq!(parts(worst(10.0)), parts(psnr(15.0)));
        assert!((16.7..16.8).contains(&missed(worst(12.0))));
    }

    #[test]
    fn what_can_only_be_had_beside_another_is_tried_again() {
        let goal = Goal { psnr: Some(15.0), ..Goal::default() };
        let beside = |mix: &Mix| mix.has(MixPart::Weights(1)) || !mix.has(MixPart::Output(0));
        let possible = |mix: &Mix| beside(mix) && !mix.has(MixPart::Weights(2));
        let found = run_if(goal, Mix::default(), possible);
        assert_eq!(reached(found), [MixPart::Weights(1), MixPart::Output(0)]);
    }

    /// Weights 0 must have 12 bits; whatever else has them at first loses them again.
    #[test]
    fn the_search_may_begin_with_another_mix() {
        let all = Mix([0, 1, 2].map(MixPart::Weights).into());
        let found = |psnr| {
            let goal = Goal { psnr: Some(psnr), ..Goal::default() };
            reached(run_if(goal, all.clone(), |mix| mix.has(MixPart::Weights(0))))
        };
        assert_eq!(found(9.0), [MixPart::Weights(0)]);
        assert_eq!(
            found(19.0),
            [0, 1, 2]
                .map(MixPart::Weights)
                .into_iter()
                .chain([MixPart::Output(0)])
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_best_within_the_flash_is_found() {
        let flash = |flash| Goal { flash: Some(flash), ..Goal::default() };
        assert_eq!(parts(flash(1000)), [MixPart::Output(0)]);
        assert_eq!(parts(flash(1099)), [MixPart::Output(0), MixPart::Weights(1)]);
        assert_eq!(parts(flash(1100)), [MixPart::Output(0), MixPart::Weights(1)]);
        assert_eq!(
            parts(flash(1140)),
            [MixPart::Output(0), MixPart::Weights(1), MixPart::Weights(0)]
        );
        assert!(run(flash(999)).unwrap_err().to_string().contains("1000 bytes of flash already"));
        let both = Goal { psnr: Some(15.0), flash: Some(1030), worst: None };
        // With the weights of 40 bytes it would be 15.1.
        assert!((10.9..11.0).contains(&missed(both)));
    }
}
