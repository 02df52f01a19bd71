//! Chooses the mix of 8 and 12 bits: the one asked for, or the cheapest found that reaches a goal.

use crate::draw::comparison::Comparison;
use crate::pipeline::attempt::{Drawn, Groundwork};
use crate::quantize::mix::{self, Mix, Outcome};
use crate::quantize::sensitivity::Sensitivity;
use crate::report::EightBits;
use anyhow::{Result, anyhow};
use gen_core::Model;

/// The chosen mix, its pictures, and the figures of 8 bits.
pub(crate) struct Found {
    pub(crate) mix: Mix,
    pub(crate) drawn: Drawn,
    /// Sensitivity of the pictures to each layer's 8 bits; empty if 8 bits throughout are not possible.
    pub(crate) sensitivities: Vec<Sensitivity>,
    /// Sizes, times and PSNR of 8 bits throughout, if there is a goal.
    pub(crate) eight_bits: Option<EightBits>,
}

/// Quantises and draws the mix that the options ask for; with a goal, searches for one. `done` is called after every
/// picture.
///
/// # Errors
/// If the mix can't be quantised, or no mix that was tried reaches the goal.
pub(crate) fn search(
    ground: &Groundwork,
    comparison: &Comparison,
    done: &(dyn Fn() + Sync),
) -> Result<Found> {
    let options = ground.options;
    let bytes = ground.make(&Mix::default());
    let sensitivities = match &bytes {
        Ok(made) => ground.sensitivities(made)?,
        // 12 bits may be possible where 8 are not.
        Err(_) => Vec::new(),
    };
    let mix =
        Mix::whole(ground.network.layers.len(), options.activations == 12, options.weights == 12);
    let made = if mix == Mix::default() { bytes? } else { ground.make(&mix)? };
    let drawn = Drawn::new(made, comparison, done)?;
    if !options.goal.is_some() {
        return Ok(Found { mix, drawn, sensitivities, eight_bits: None });
    }

    let (eight_bits, parts) = {
        let model = Model::parse(&drawn.made.gen_file)?;
        let eight_bits = EightBits::new(&model, drawn.flash(), drawn.psnr())?;
        (eight_bits, mix::candidates(&model, drawn.flash(), &sensitivities))
    };
    let mut refused = None;
    let mut try_out = |mix: &Mix| match ground.make(mix) {
        Ok(made) => Drawn::new(made, comparison, done).map(Some),
        Err(why) => {
            refused = Some(why);
            Ok(None)
        }
    };
    let found = mix::search(options.goal, &parts, drawn, &mut try_out);
    let (mix, drawn) = found.map_err(|error| match refused {
        Some(why) => anyhow!("{error:#}; not every mix is possible: {why:#}"),
        None => error,
    })?;
    Ok(Found { mix, drawn, sensitivities, eight_bits: Some(eight_bits) })
}
