//! Chooses the mix of 8 and 12 bits: the one asked for, or the cheapest found that reaches a goal.

use crate::draw::comparison::Comparison;
use crate::picture::fidelity::Fidelity;
use crate::pipeline::attempt::{Attempt, GenFile, Prepared};
use crate::quantize::mix::{self, Goal, Mix, Outcome, Search};
use crate::quantize::sensitivity::Sensitivity;
use crate::report::{Chosen, EightBits};
use anyhow::{Result, anyhow};
use boards::usual_times;
use gen_core::Model;

/// The chosen mix, its attempt, and the figures of 8 bits.
pub(crate) struct Found<'a> {
    pub(crate) mix: Mix,
    pub(crate) attempt: Attempt<'a>,
    pub(crate) chosen: Chosen,
    /// Sensitivity of the pictures to each layer's 8 bits; empty if 8 bits throughout are not possible.
    pub(crate) sensitivities: Vec<Sensitivity>,
    /// Sizes, times and PSNR of 8 bits throughout, if they are possible and there was a search.
    pub(crate) eight_bits: Option<EightBits>,
}

/// Quantises and draws the mix that the options ask for. If they leave it open and 8 bits throughout do not reach the
/// goal, searches for one.
///
/// # Errors
///
/// If the mix can't be quantised, or no mix that was tried reaches a goal that was given.
pub(crate) fn search<'a>(prepared: &'a Prepared, comparison: &Comparison) -> Result<Found<'a>> {
    let options = prepared.options;
    let all_8_bit = prepared.quantize(&Mix::default());
    let sensitivities = match &all_8_bit {
        Ok(file) => prepared.sensitivities(file)?,
        // 12 bits may be possible where 8 are not.
        Err(_) => Vec::new(),
    };
    let (mix, file) = begin(prepared, all_8_bit)?;
    let attempt = Attempt::draw(file, comparison)?;
    let given = options.goal.is_some();
    let goal = if given { options.goal } else { Goal::GOOD };
    let in_8_bits = mix == Mix::default();
    let Fidelity { psnr_mean, psnr_worst, .. } = attempt.fidelity;
    if options.fixed() || !given && in_8_bits && goal.is_reached_by(psnr_mean, psnr_worst) {
        let chosen = if options.fixed() { Chosen::Given } else { Chosen::EightBits };
        return Ok(Found { mix, attempt, chosen, sensitivities, eight_bits: None });
    }

    let model = Model::parse(&attempt.file.bytes)?;
    let (flash_bytes, times) = (attempt.file.bytes.len(), usual_times(&model)?);
    let working_memory_bytes = model.working_memory();
    let eight_bits = EightBits { psnr_mean, psnr_worst, flash_bytes, working_memory_bytes, times };
    let eight_bits = in_8_bits.then_some(eight_bits);
    let candidates = mix::candidates(&model, flash_bytes, &sensitivities);
    drop(model);
    let mut refused = None;
    let mut try_out = |mix: &Mix| match prepared.quantize(mix) {
        Ok(file) => Ok(Some(Attempt::draw(file, comparison)?.outcome())),
        Err(why) => {
            refused = Some(why);
            Ok(None)
        }
    };
    let first = (mix.clone(), attempt.clone().outcome());
    let (chosen, mix, attempt) = match mix::search(goal, &candidates, first, &mut try_out)? {
        Search::Reached(mix, Outcome { attempt, .. }) if given => (Chosen::Given, mix, attempt),
        Search::Reached(mix, Outcome { attempt, .. }) => (Chosen::Raised, mix, attempt),
        Search::Missed { mean, .. } if given => return Err(missed(goal, mean, refused)),
        Search::Missed { mean, worst } => (Chosen::Missed { mean, worst }, mix, attempt),
    };
    Ok(Found { mix, attempt, chosen, sensitivities, eight_bits })
}

/// The mix to begin with and its file: the one asked for, or 8 bits throughout, or if these are not possible and the
/// options leave it open, the first of three others that is.
///
/// # Errors
///
/// If it is not possible.
fn begin<'a>(prepared: &'a Prepared, all_8_bit: Result<GenFile<'a>>) -> Result<(Mix, GenFile<'a>)> {
    let options = prepared.options;
    let whole = |outputs, weights| Mix::whole(prepared.network.layers.len(), outputs, weights);
    if options.fixed() {
        let mix = whole(options.activations == Some(12), options.weights == Some(12));
        let file = if mix == Mix::default() { all_8_bit } else { prepared.quantize(&mix) };
        return Ok((mix, file?));
    }
    let why = match all_8_bit {
        Ok(file) => return Ok((Mix::default(), file)),
        Err(why) => why,
    };
    let others = [(false, true), (true, true), (true, false)];
    let possible = others.into_iter().find_map(|(outputs, weights)| {
        let mix = whole(outputs, weights);
        let file = prepared.quantize(&mix).ok()?;
        Some((mix, file))
    });
    possible.ok_or(why)
}

/// The error that no mix reaches `goal`: the best has a mean PSNR of `most` dB. `refused`: why a mix was not possible.
fn missed(goal: Goal, most: f64, refused: Option<anyhow::Error>) -> anyhow::Error {
    let most = (most * 10.0).floor() / 10.0;
    let within = goal.flash.map_or(String::new(), |it| format!(" within {it} bytes of flash"));
    let least = goal.psnr.unwrap_or_default();
    let error = anyhow!(
        "the best of the mixes tried reaches {most:.1} dB{within}, not {least}: give --target-psnr {most:.1} or less"
    );
    match refused {
        Some(why) => anyhow!("{error}; not every mix is possible: {why:#}"),
        None => error,
    }
}
