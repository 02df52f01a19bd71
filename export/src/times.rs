//! How long a generator draws on a core, from the instructions that others were measured to take.

use anyhow::{Context, Result};
use gen_core::Model;
use gen_core::element::Weight;
use serde::{Deserialize, Serialize};

/// Cores whose times are told where there is no board, each with a usual clock in MHz.
pub const CORES: [(&str, f64); 5] =
    [("M0+", 48.0), ("M3", 72.0), ("M4", 168.0), ("M33", 150.0), ("M55", 400.0)];

const BENCH: &str = include_str!("../../docs/bench.json");

/// How long a picture takes on a core.
#[derive(Clone, Debug, Serialize)]
pub struct CoreTime {
    /// The core's name, without Cortex.
    pub core: &'static str,
    /// Its clock.
    pub clock_mhz: f64,
    /// About how long a picture takes, in seconds.
    pub seconds: f64,
    /// About how long each layer takes.
    pub layers: Vec<f64>,
}

/// The time of `model` on a core of so many MHz, if each of its [`instructions`] took a cycle and none waited for
/// flash.
///
/// # Errors
/// If the bench has no such core.
pub fn time(core: &'static str, clock_mhz: f64, model: &Model) -> Result<CoreTime> {
    let instructions = instructions(core, model)?;
    let layers: Vec<f64> = instructions.iter().map(|it| it / (clock_mhz * 1e6)).collect();
    Ok(CoreTime { core, clock_mhz, seconds: layers.iter().sum(), layers })
}

/// The times of `model` on [`CORES`].
///
/// # Errors
/// If the bench has not all of them.
pub fn times(model: &Model) -> Result<Vec<CoreTime>> {
    CORES.into_iter().map(|(core, clock)| time(core, clock, model)).collect()
}

/// A line of `docs/bench.json`.
#[derive(Deserialize)]
struct Line {
    core: String,
    model: String,
    layer: serde_json::Value,
    instructions: f64,
    useful_macs: f64,
}

/// A generator of `docs/bench.json` that is also there with 12 bits.
const MIXED: &str = "128-64-32-16-3";

/// About how many instructions each layer takes on a core: for each product what the layer in `docs/bench.json`
/// takes that is nearest in size, first ones among first ones, last among last; with 12-bit inputs or weights, as
/// many times more as the nearest layer takes that is there with and without.
///
/// # Errors
/// If the bench has no such core.
pub fn instructions(core: &str, model: &Model) -> Result<Vec<f64>> {
    let lines: Vec<Line> = serde_json::from_str(BENCH).context("docs/bench.json")?;
    let bench = Bench(lines.into_iter().filter(|it| it.core == core).collect());
    let layers = model.layers();
    let last = layers.len() - 1;
    let mut wide_input = false;
    let mut instructions = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let macs = layer.useful_macs() as f64;
        let nearest = |called: &str, is_model: &dyn Fn(&str) -> bool| {
            let found = bench.nearest(macs, (index == 0, index == last), is_model);
            found.with_context(|| format!("docs/bench.json has no {called} on core {core}"))
        };
        let mut per_mac = nearest("generator", &|model| !model.contains(','))?.per_mac();
        let kind = match (layer.weight(), wide_input) {
            (Weight::Wide, _) => Some("weights"),
            (Weight::Byte, true) => Some("tensors"),
            (Weight::Byte, false) => None,
        };
        if let Some(kind) = kind {
            let wide = format!("{MIXED}, 12-bit {kind}");
            per_mac *= nearest(&wide, &|model| model == wide)?.per_mac()
                / nearest(MIXED, &|model| model == MIXED)?.per_mac();
        }
        instructions.push(per_mac * macs);
        wide_input = layer.element().is_wide();
    }
    Ok(instructions)
}

/// The lines of a core.
struct Bench(Vec<Line>);

impl Bench {
    /// The layer of some generators that is nearest to one of so many useful MACs, which is the first and the last
    /// of its own, or is not.
    fn nearest(
        &self,
        macs: f64,
        place: (bool, bool),
        is_model: &dyn Fn(&str) -> bool,
    ) -> Option<&Line> {
        let last = |model: &str| {
            self.0.iter().filter(|it| it.model == model).filter_map(|it| it.layer.as_u64()).max()
        };
        let layers = self.0.iter().filter(|it| is_model(&it.model)).filter_map(|line| {
            let index = line.layer.as_u64()?;
            let elsewhere = (index == 0, Some(index) == last(&line.model)) != place;
            Some((line, elsewhere, (line.useful_macs / macs).ln().abs()))
        });
        let nearest = layers.min_by(|a, b| a.1.cmp(&b.1).then(a.2.total_cmp(&b.2)));
        nearest.map(|(line, ..)| line)
    }
}

impl Line {
    /// Instructions for each useful MAC.
    fn per_mac(&self) -> f64 {
        self.instructions / self.useful_macs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Options;
    use crate::sketch;

    #[test]
    fn instructions_are_those_of_the_nearest_layers() {
        let lines: Vec<Line> = serde_json::from_str(BENCH).unwrap();
        let file = include_bytes!("../../models/faces.gen");
        let model = Model::parse(file).unwrap();
        for (core, _) in CORES {
            let of = |layer: serde_json::Value| {
                let alike =
                    |it: &&Line| it.core == core && it.model == "faces" && it.layer == layer;
                lines.iter().find(alike).unwrap().instructions
            };
            let layers = instructions(core, &model).unwrap();
            let expected: Vec<f64> = (0..layers.len()).map(|index| of(index.into())).collect();
            assert!(layers.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1.0), "{core}");
            let all = of("all".into());
            assert!((layers.iter().sum::<f64>() / all - 1.0).abs() < 0.001, "{core}");
        }
        assert!(instructions("Z80", &model).is_err());
    }

    /// What 12-bit inputs or weights take is a multiple of what 8 bits do, layers of whatever size.
    #[test]
    fn twelve_bits_take_as_many_times_more_as_was_measured() {
        let lines: Vec<Line> = serde_json::from_str(BENCH).unwrap();
        let of = |activations, weights| {
            let few = Options { calibrate: 8, compare: 1, ..Options::default() };
            let file = sketch::exported(&Options { activations, weights, ..few });
            let model = Model::parse(&file).unwrap();
            CORES.map(|(core, _)| instructions(core, &model).unwrap())
        };
        let (bytes, tensors, weights) = (of(8, 8), of(12, 8), of(8, 12));
        for (index, (core, _)) in CORES.into_iter().enumerate() {
            let measured = |kind: &str, layer: u64| {
                let model = format!("{MIXED}{kind}");
                let alike = |it: &&Line| it.core == core && it.model == model && it.layer == layer;
                lines.iter().find(alike).unwrap().instructions
            };
            // The sketch's layers are tiny: the first is nearest to the first, the last to the last, all
            // others to the first of the hidden ones.
            let last = bytes[index].len() - 1;
            for layer in 0..=last {
                let place = if layer == 0 {
                    0
                } else if layer == last {
                    4
                } else {
                    1
                };
                let ratio = |wide: &[Vec<f64>]| wide[index][layer] / bytes[index][layer];
                let expected = measured(", 12-bit weights", place) / measured("", place);
                assert!((ratio(&weights) / expected - 1.0).abs() < 1e-9, "{core} {layer}");
                let expected = measured(", 12-bit tensors", place) / measured("", place);
                let expected = if layer == 0 { 1.0 } else { expected };
                assert!((ratio(&tensors) / expected - 1.0).abs() < 1e-9, "{core} {layer}");
            }
        }
    }
}
