//! Estimates how long a picture takes on a core, from the instructions that the bench measured for other
//! models.

use gen_core::Model;
use gen_core::element::Weight;
use serde::Serialize;
use thiserror::Error;

use crate::record::{Record, accepted};
use crate::{CORES, Core};

/// Estimated time of a picture on a core.
#[derive(Clone, Debug, Serialize)]
pub struct CoreTime {
    /// The core's name.
    pub core: &'static str,
    /// Clock of the core in MHz.
    pub clock_mhz: f64,
    /// Estimated time of a picture in seconds.
    pub seconds: f64,
    /// Estimated time of each layer in seconds.
    pub layers: Vec<f64>,
}

/// Error: the bench has not measured what an estimate needs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "boards/bench.json has no figures of {what} for core {core}: type cargo xtask bench --accept"
)]
pub struct Unmeasured {
    core: &'static str,
    what: &'static str,
}

/// Estimates the time of `model` on `core`, assuming one cycle for each of its [`instructions`] and no wait
/// for flash.
///
/// # Errors
///
/// If the bench has not measured the core.
pub fn time(core: Core, clock_mhz: u32, model: &Model<'_>) -> Result<CoreTime, Unmeasured> {
    let instructions = instructions(core, model)?;
    let clock_mhz = f64::from(clock_mhz);
    let layers: Vec<f64> = instructions.iter().map(|it| it / (clock_mhz * 1e6)).collect();
    Ok(CoreTime { core: core.name, clock_mhz, seconds: layers.iter().sum(), layers })
}

/// Estimates the times of `model` on the cores that have a typical clock.
///
/// # Errors
///
/// If the bench has not measured one of them.
pub fn usual_times(model: &Model<'_>) -> Result<Vec<CoreTime>, Unmeasured> {
    let usual = CORES.into_iter().filter_map(|core| Some((core, core.usual_mhz?)));
    usual.map(|(core, clock)| time(core, clock, model)).collect()
}

/// Estimates the instructions of each layer on a core.
///
/// A layer is assumed to take as many instructions per useful MAC as the measured layer of the nearest size;
/// first layers are compared with first layers and last layers with last ones. For 12-bit inputs or weights,
/// the figure is multiplied by the ratio between 12 and 8 bits in the nearest layer that was measured with
/// both.
///
/// # Errors
///
/// If the bench has not measured the core.
pub fn instructions(core: Core, model: &Model<'_>) -> Result<Vec<f64>, Unmeasured> {
    let mut measured = accepted().records;
    measured.retain(|record| record.core == core.name);
    let layers = model.layers();
    let last = layers.len() - 1;
    let mut wide_input = false;
    let mut instructions = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let macs = layer.useful_macs() as f64;
        let nearest = |what, is_model: &dyn Fn(&str) -> bool| {
            let found = nearest(&measured, macs, (index == 0, index == last), is_model);
            found.ok_or(Unmeasured { core: core.name, what })
        };
        let mut cost = nearest("any generator", &|model| !model.contains(','))?.per_mac();
        let kind = match (layer.weight(), wide_input) {
            (Weight::Wide, _) => Some("12-bit weights"),
            (Weight::Byte, true) => Some("12-bit tensors"),
            (Weight::Byte, false) => None,
        };
        if let Some(kind) = kind {
            let wide = nearest(kind, &|model| model.ends_with(kind))?;
            let narrow = nearest(kind, &|model| wide.model == format!("{model}, {kind}"))?;
            cost *= wide.per_mac() / narrow.per_mac();
        }
        instructions.push(cost * macs);
        wide_input = layer.element().is_wide();
    }
    Ok(instructions)
}

/// The measured layer nearest in size to `macs` useful MACs, among the models that `is_model` accepts.
/// `place`: whether the layer is the first and whether it is the last of its model.
fn nearest<'r>(
    records: &'r [Record],
    macs: f64,
    place: (bool, bool),
    is_model: &dyn Fn(&str) -> bool,
) -> Option<&'r Record> {
    let last = |model: &str| {
        records.iter().filter(|it| it.model == model).filter_map(|it| it.layer.index()).max()
    };
    let layers = records.iter().filter(|it| is_model(&it.model)).filter_map(|record| {
        let index = record.layer.index()?;
        let elsewhere = (index == 0, Some(index) == last(&record.model)) != place;
        let ratio = record.useful_macs as f64 / macs;
        Some((record, elsewhere, ratio.max(ratio.recip())))
    });
    let nearest = layers.min_by(|a, b| a.1.cmp(&b.1).then(a.2.total_cmp(&b.2)));
    nearest.map(|(record, ..)| record)
}
