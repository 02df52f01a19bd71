//! Chooses the mix of 8 and 12 bits: the one asked for, or the cheapest found that reaches a goal.

use crate::draw::comparison::Comparison;
use crate::pipeline::attempt::{Attempt, Prepared};
use crate::quantize::mix::{self, Mix, Outcome};
use crate::quantize::sensitivity::Sensitivity;
use crate::report::EightBits;
use anyhow::{Result, anyhow};
use boards::usual_times;
use gen_core::Model;

/// The chosen mix, its attempt, and the figures of 8 bits.
pub(crate) struct Found<'a> {
    pub(crate) mix: Mix,
    pub(crate) attempt: Attempt<'a>,
    /// Sensitivity of the pictures to each layer's 8 bits; empty if 8 bits throughout are not possible.
    pub(crate) sensitivities: Vec<Sensitivity>,
    /// Sizes, times and PSNR of 8 bits throughout, if there is a goal.
    pub(crate) eight_bits: Option<EightBits>,
}

/// Quantises and draws the mix that the options ask for; with a goal, searches for one.
///
/// # Errors
///
/// If the mix can't be quantised, or no mix that was tried reaches the goal.
pub(crate) fn search<'a>(prepared: &'a Prepared, comparison: &Comparison) -> Result<Found<'a>> {
    let options = prepared.options;
    let all_8_bit = prepared.quantize(&Mix::default());
    let sensitivities = match &all_8_bit {
        Ok(file) => prepared.sensitivities(file)?,
        // 12 bits may be possible where 8 are not.
        Err(_) => Vec::new(),
    };
    let mix =
        Mix::whole(prepared.network.layers.len(), options.activations == 12, options.weights == 12);
    let file = if mix == Mix::default() { all_8_bit? } else { prepared.quantize(&mix)? };
    let attempt = Attempt::draw(file, comparison)?;
    if !options.goal.is_some() {
        return Ok(Found { mix, attempt, sensitivities, eight_bits: None });
    }

    let model = Model::parse(&attempt.file.bytes)?;
    let (psnr_mean, flash_bytes) = (attempt.fidelity.psnr_mean, attempt.file.bytes.len());
    let (working_memory_bytes, times) = (model.working_memory(), usual_times(&model)?);
    let eight_bits = Some(EightBits { psnr_mean, flash_bytes, working_memory_bytes, times });
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
    let found = mix::search(options.goal, &candidates, attempt.outcome(), &mut try_out);
    let (mix, Outcome { attempt, .. }) = found.map_err(|error| match refused {
        Some(why) => anyhow!("{error:#}; not every mix is possible: {why:#}"),
        None => error,
    })?;
    Ok(Found { mix, attempt, sensitivities, eight_bits })
}
