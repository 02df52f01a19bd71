//! Whether a generator fits a board, how long it draws there, and what to change.

use crate::plans::choices;
use anyhow::{Context, Result};
use firmware::fit::Fit;
use gen_core::Model;
use gen_core::element::{Element, Weight};
use gen_core::layer::Layer;
use gen_core::plan::Plan;
use serde::{Deserialize, Serialize};

/// A board that the application runs on, or memory that somebody has.
#[derive(Clone, Debug)]
pub struct Board {
    /// Its name.
    pub name: String,
    /// Its core, as `docs/bench.json` calls it, and the clock in MHz.
    pub core: Option<(&'static str, f64)>,
    /// Bytes of flash that a program may take.
    pub flash: usize,
    /// Bytes of RAM.
    pub ram: usize,
}

/// What comes of a generator on a board.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The board's name.
    pub board: String,
    /// Whether it fits.
    pub fits: bool,
    /// Bytes of the generator's file, and how many there may be.
    pub flash: [usize; 2],
    /// Bytes of its working memory, and how many there may be.
    pub ram: [usize; 2],
    /// About how many seconds a picture takes, see [`time`], where the core is known.
    pub seconds: Option<f64>,
    /// What would make it fit.
    pub advice: Vec<String>,
}

/// Boards with a memory map in `firmware/memory`, their cores and the clocks that the firmware gives them.
const MAPS: [(&str, &str, f64, &str); 3] = [
    ("lm3s6965evb", "M3", 50.0, include_str!("../../firmware/memory/lm3s6965evb.x")),
    ("pico", "M0+", 125.0, include_str!("../../firmware/memory/pico.x")),
    ("pico2", "M33", 150.0, include_str!("../../firmware/memory/pico2.x")),
];

/// Cores whose times are told where only memory is known, with a usual clock.
pub const CORES: [(&str, f64); 5] =
    [("M0+", 48.0), ("M3", 72.0), ("M4", 168.0), ("M33", 150.0), ("M55", 400.0)];

const BENCH: &str = include_str!("../../docs/bench.json");

/// The boards.
///
/// # Errors
/// If a memory map has no flash or no RAM.
pub fn boards() -> Result<Vec<Board>> {
    let board = |(name, core, clock, map): (&str, &'static str, f64, &str)| {
        let [flash, ram] = ["FLASH", "RAM"].map(|region| firmware::fit::length(map, region));
        let (Some(flash), Some(ram)) = (flash, ram) else {
            anyhow::bail!("{name}: a memory map without FLASH or RAM");
        };
        Ok(Board { name: name.to_owned(), core: Some((core, clock)), flash, ram })
    };
    MAPS.into_iter().map(board).collect()
}

/// What comes of `model`, whose file has so many bytes, on `board`.
///
/// # Errors
/// If the bench's figures can't be read.
pub fn check(model: &Model, file: usize, board: &Board) -> Result<Verdict> {
    let fit = Fit::within(model, file, board.flash, board.ram);
    let (flash, ram) = (fit.flash_room(), fit.ram_room());
    let (saved, least_in_bytes) = in_eight_bits(model);
    let mut advice = Vec::new();
    if flash == 0 || ram == 0 {
        advice.push("the application itself does not fit".to_owned());
    } else if file > flash && file.saturating_sub(saved) <= flash {
        advice.push(format!(
            "{} bytes of flash too many: weights of 8 bits take about {} less",
            file - flash,
            saved
        ));
    } else if file > flash {
        advice.push(format!(
            "{} bytes of flash too many: train with {} % of the channels in each layer",
            file - flash,
            widths(model, file, flash)
        ));
    }
    if ram > 0 && model.working_memory() > ram {
        let least = choices(model).first().map_or(0, |choice| choice.working_memory_bytes);
        advice.push(if least <= ram {
            format!("{} bytes of RAM too many: quantise with --ram-budget {ram}", fit.ram - ram)
        } else if least_in_bytes <= ram {
            format!(
                "{} bytes of RAM too many, row by row: tensors of 8 bits take {} less",
                least - ram,
                least - least_in_bytes
            )
        } else {
            let widths = 100.0 * ram as f64 / least as f64;
            format!(
                "{} bytes of RAM too many, row by row: train with {:.0} % of the channels in each layer",
                least - ram,
                widths.floor()
            )
        });
    }
    let time = board.core.map(|(core, clock)| time(core, clock, model)).transpose()?;
    Ok(Verdict {
        board: board.name.clone(),
        fits: fit.fits(),
        flash: [file, flash],
        ram: [fit.ram, ram],
        seconds: time.map(|time| time.seconds),
        advice,
    })
}

/// How many percent of the channels of all hidden layers, at least 1, make a file so small. Weights go with the
/// product of two layers' widths, of which the latent's and the picture's stay.
fn widths(model: &Model, file: usize, flash: usize) -> usize {
    let last = model.layers().len() - 1;
    let saved = |percent: usize| -> f64 {
        let part = percent as f64 / 100.0;
        let layers = model.layers().iter().enumerate().map(|(index, layer)| {
            let hidden = i32::from(index > 0) + i32::from(index < last);
            layer.weight_bytes() as f64 * (1.0 - part.powi(hidden))
        });
        layers.sum()
    };
    let fits = |percent: &usize| file as f64 - saved(*percent) <= flash as f64;
    (1..100).rev().find(fits).unwrap_or(1)
}

/// What a generator takes if nothing has 12 bits: about how many bytes of flash fewer, and how many bytes of working
/// memory at least.
fn in_eight_bits(model: &Model) -> (usize, usize) {
    let wide = model.layers().iter().filter(|layer| layer.weight == Weight::Wide);
    let flash = wide.map(|layer| layer.weight_bytes() / 2).sum();
    let mut narrow: Vec<Layer> = model.layers().to_vec();
    narrow.iter_mut().for_each(|layer| layer.element = Element::Byte);
    let plans = (0..narrow.len()).map(|whole| Plan::new(&narrow, whole).bytes());
    (flash, plans.min().unwrap_or(0))
}

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
        let nearest = |is_model: &dyn Fn(&str) -> bool| {
            let found = bench.nearest(macs, (index == 0, index == last), is_model);
            found.with_context(|| format!("docs/bench.json has no core {core}"))
        };
        let mut times = nearest(&|model| !model.contains(','))?.per_mac();
        let kind = match (layer.weight, wide_input) {
            (Weight::Wide, _) => Some("weights"),
            (Weight::Byte, true) => Some("tensors"),
            (Weight::Byte, false) => None,
        };
        if let Some(kind) = kind {
            let wide = format!("{MIXED}, 12-bit {kind}");
            times *= nearest(&|model| model == wide)?.per_mac()
                / nearest(&|model| model == MIXED)?.per_mac();
        }
        instructions.push(times * macs);
        wide_input = layer.element.is_wide();
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
    use crate::export::{Options, export};
    use crate::sketch;
    use prost::Message;

    fn faces() -> Vec<u8> {
        include_bytes!("../../models/faces.gen").to_vec()
    }

    #[test]
    fn the_shipped_model_fits_every_board() {
        let file = faces();
        let model = Model::parse(&file).unwrap();
        for board in boards().unwrap() {
            let verdict = check(&model, file.len(), &board).unwrap();
            assert!(verdict.fits && verdict.advice.is_empty(), "{verdict:?}");
            // 2.3 million MACs, 1.3 to 3.5 instructions each, at 50 to 150 MHz.
            assert!((0.01..0.1).contains(&verdict.seconds.unwrap()), "{verdict:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_what_would() {
        let file = faces();
        let model = Model::parse(&file).unwrap();
        let of = |flash: usize, ram: usize| {
            let board = Board { name: "mine".to_owned(), core: None, flash, ram };
            check(&model, file.len(), &board).unwrap()
        };
        let enough = of(1 << 20, 1 << 20);
        let code = (1 << 20) - enough.flash[1];
        let reserved = (1 << 20) - enough.ram[1];
        assert!(enough.fits && enough.seconds.is_none());
        let exact = of(code + file.len(), reserved + model.working_memory());
        assert!(exact.fits, "{exact:?}");
        assert!(of(1000, 1 << 20).advice[0].contains("application itself"));
        let flash = of(code + file.len() / 4, 1 << 20);
        let percent = flash.advice[0].split(" %").next().unwrap().rsplit(' ').next().unwrap();
        let percent: usize = percent.parse().unwrap();
        // 32 to 96, 48, 24 and 3 channels, 16 weights for each pair; all else is 1,400 bytes and more.
        let weights = |percent: usize| {
            let [a, b, c] = [96, 48, 24].map(|channels| channels * percent / 100);
            16 * (32 * a + a * b + b * c + 3 * c)
        };
        assert!(!flash.fits && weights(percent) + 1400 <= file.len() / 4, "{flash:?}");
        assert!(weights(percent + 2) + 7000 > file.len() / 4, "{flash:?}");
        let ram = of(1 << 20, reserved + model.working_memory() / 2);
        assert!(!ram.fits && ram.advice[0].contains("train with 49 %"), "{ram:?}");
    }

    /// What has 12 bits is told to have 8, where that does, to the byte.
    #[test]
    fn eight_bits_are_advised_where_they_fit() {
        let of = |bits| {
            let few = Options { calibrate: 8, compare: 1, ..Options::default() };
            sketched(&Options { activations: bits, weights: bits, ..few })
        };
        let (wide, bytes) = (of(12), of(8));
        let [wide_model, byte_model] = [&wide, &bytes].map(|file| Model::parse(file).unwrap());
        let advice = |flash: usize, ram: usize| {
            let all = |flash, ram| {
                let board = Board { name: "mine".to_owned(), core: None, flash, ram };
                check(&wide_model, wide.len(), &board).unwrap()
            };
            let enough = all(1 << 20, 1 << 20);
            let reserved = [enough.flash[1], enough.ram[1]].map(|room| (1 << 20) - room);
            all(reserved[0] + flash, reserved[1] + ram).advice
        };
        let memory = [&wide_model, &byte_model].map(Model::working_memory);
        assert!(memory[0] > memory[1]);
        let told = advice(1 << 19, memory[1]);
        let expected = format!("tensors of 8 bits take {} less", memory[0] - memory[1]);
        assert!(told[0].ends_with(&expected), "{told:?} {memory:?}");
        assert!(advice(1 << 19, memory[1] - 1)[0].contains("channels in each layer"));
        let told = advice(bytes.len() + 20, 1 << 19);
        assert!(told[0].contains("weights of 8 bits take about "), "{told:?}");
        assert!(advice(bytes.len() / 2, 1 << 19)[0].contains("channels in each layer"));
    }

    /// A sketch's `.gen` file.
    fn sketched(options: &Options) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sketch.onnx");
        std::fs::write(&path, sketch::dense_first().proto.encode_to_vec()).unwrap();
        export(&path, options, &|| ()).unwrap().gen_file
    }

    #[test]
    fn instructions_are_those_of_the_nearest_layers() {
        let lines: Vec<Line> = serde_json::from_str(BENCH).unwrap();
        let file = faces();
        let model = Model::parse(&file).unwrap();
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
            let file = sketched(&Options { activations, weights, ..few });
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
