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
    /// Maximum size of the `.gen` file, in bytes.
    #[serde(rename = "flash_bytes")]
    pub flash: Option<usize>,
}

impl Goal {
    /// Whether there is a goal.
    pub fn is_some(&self) -> bool {
        self.psnr.is_some() || self.flash.is_some()
    }

    /// Whether a mean PSNR of `psnr` dB is enough. Without a goal for it, none is.
    fn is_reached_by(&self, psnr: f64) -> bool {
        self.psnr.is_some_and(|least| psnr >= least)
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

/// The parts of a network that can have 12 bits, by descending gain per cost. `model` is its file in 8 bits, of `flash`
/// bytes.
pub fn candidates(model: &Model, flash: usize, sensitivities: &[Sensitivity]) -> Vec<Candidate> {
    let of = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let noise = |db: f64| 255.0 * 255.0 * libm::pow(10.0, -db / 10.0);
    let macs: u64 = model.layers().iter().map(|layer| layer.useful_macs()).sum();
    let macs_of = |index: usize| {
        let layer = model.layers().get(index);
        layer.map_or(0.0, |layer| layer.useful_macs() as f64 / macs.max(1) as f64)
    };
    let layers = model.layers().iter().zip(model.plan().buffers()).zip(sensitivities);
    let mut candidates = Vec::new();
    for (index, ((layer, buffer), sensitivity)) in layers.enumerate() {
        let cost = of(layer.weight_bytes(), flash) + macs_of(index);
        let noise_of_weights = noise(sensitivity.weights_db);
        candidates.push(Candidate { part: MixPart::Weights(index), noise: noise_of_weights, cost });
        if let Some(db) = sensitivity.output_db {
            let cost = of(buffer.bytes(), model.working_memory())
                + of(layer.epilogue().table_bytes(), flash)
                + macs_of(index + 1) * SLOWER;
            candidates.push(Candidate { part: MixPart::Output(index), noise: noise(db), cost });
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
    /// Bytes of the `.gen` file.
    pub flash: usize,
    /// What was made and drawn.
    pub attempt: T,
}

/// Searches for the cheapest mix that meets `goal`, and returns it with its outcome.
///
/// `all_8_bit` is the outcome of 8 bits throughout. `draw` quantises and draws a mix; it returns `None` if the mix is
/// not possible. Candidates get 12 bits one after the other, in the given order, until the goal is met. Then each loses
/// them again, the most expensive first, if the goal is met without. If only the flash is limited, candidates get 12
/// bits as long as they fit, and lose them again as long as all losses together cost less than 0.05 dB.
///
/// # Errors
///
/// If no mix that was tried meets the goal; the message names the best PSNR. Those of `draw`.
pub fn search<T>(
    goal: Goal,
    candidates: &[Candidate],
    all_8_bit: Outcome<T>,
    draw: &mut Draw<T>,
) -> Result<(Mix, Outcome<T>)> {
    let flash = all_8_bit.flash;
    ensure!(
        goal.fits(flash),
        "8 bits throughout take {flash} bytes of flash already: give --flash-budget {} or more, or train with fewer \
         channels",
        flash.div_ceil(1024)
    );
    let mut most = all_8_bit.psnr;
    let mut draw = |mix: &Mix| -> Result<Option<Outcome<T>>> {
        let outcome = draw(mix)?;
        if let Some(outcome) = outcome.as_ref().filter(|it| goal.fits(it.flash)) {
            most = most.max(outcome.psnr);
        }
        Ok(outcome)
    };
    let (mix, best) = widen(goal, candidates, all_8_bit, &mut draw)?;
    if let Some(least) = goal.psnr.filter(|least| best.psnr < *least) {
        let most = (most * 10.0).floor() / 10.0;
        let within =
            goal.flash.map_or(String::new(), |flash| format!(" within {flash} bytes of flash"));
        anyhow::bail!(
            "the best of the mixes tried reaches {most:.1} dB{within}, not {least}: \
             give --target-psnr {most:.1} or less"
        );
    }
    narrow(goal, candidates, (mix, best), &mut draw)
}

/// Quantises and draws a mix; `None` if it is not possible.
type Draw<'d, T> = dyn FnMut(&Mix) -> Result<Option<Outcome<T>>> + 'd;

/// Gives 12 bits to one of `candidates` after the other, beginning with 8 bits throughout and their outcome `best`,
/// until `goal` is met or no further one fits.
fn widen<T>(
    goal: Goal,
    candidates: &[Candidate],
    mut best: Outcome<T>,
    draw: &mut Draw<T>,
) -> Result<(Mix, Outcome<T>)> {
    let mut mix = Mix::default();
    let mut left: Vec<MixPart> = candidates.iter().map(|candidate| candidate.part).collect();
    let mut index = 0;
    while index < left.len() && !goal.is_reached_by(best.psnr) {
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
        let enough = match goal.psnr {
            Some(_) => goal.is_reached_by(outcome.psnr),
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
    fn run(goal: Goal) -> Result<(Mix, Outcome<()>)> {
        run_if(goal, |mix| !mix.has(MixPart::Weights(2)))
    }

    /// As [`run`], with the mixes that are `possible`.
    fn run_if(goal: Goal, possible: impl Fn(&Mix) -> bool) -> Result<(Mix, Outcome<()>)> {
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
            Outcome { psnr: -10.0 * noise.log10(), flash, attempt: () }
        };
        search(
            goal,
            &candidates,
            of(&Mix::default()),
            &mut |mix| Ok(possible(mix).then(|| of(mix))),
        )
    }

    fn parts(goal: Goal) -> Vec<MixPart> {
        run(goal).unwrap().0.0
    }

    #[test]
    fn the_cheapest_that_reaches_the_target_is_found() {
        let psnr = |psnr| Goal { psnr: Some(psnr), flash: None };
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
        let error = run(psnr(17.0)).unwrap_err().to_string();
        assert!(error.contains("reaches 16.7 dB, not 17"), "{error}");
    }

    #[test]
    fn what_can_only_be_had_beside_another_is_tried_again() {
        let goal = Goal { psnr: Some(15.0), flash: None };
        let beside = |mix: &Mix| mix.has(MixPart::Weights(1)) || !mix.has(MixPart::Output(0));
        let possible = |mix: &Mix| beside(mix) && !mix.has(MixPart::Weights(2));
        assert_eq!(run_if(goal, possible).unwrap().0.0, [MixPart::Weights(1), MixPart::Output(0)]);
    }

    #[test]
    fn the_best_within_the_flash_is_found() {
        let flash = |flash| Goal { psnr: None, flash: Some(flash) };
        assert_eq!(parts(flash(1000)), [MixPart::Output(0)]);
        assert_eq!(parts(flash(1099)), [MixPart::Output(0), MixPart::Weights(1)]);
        assert_eq!(parts(flash(1100)), [MixPart::Output(0), MixPart::Weights(1)]);
        assert_eq!(
            parts(flash(1140)),
            [MixPart::Output(0), MixPart::Weights(1), MixPart::Weights(0)]
        );
        assert!(run(flash(999)).unwrap_err().to_string().contains("1000 bytes of flash already"));
        let both = Goal { psnr: Some(15.0), flash: Some(1030) };
        let error = run(both).unwrap_err().to_string();
        // With the weights of 40 bytes it would be 15.1.
        assert!(error.contains("reaches 10.9 dB within 1030 bytes of flash"), "{error}");
    }
}
