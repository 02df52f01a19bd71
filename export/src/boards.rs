//! Whether a generator fits a board, how long it draws there, and what to change.

use crate::plans::choices;
use anyhow::{Context, Result};
use firmware::fit::Fit;
use gen_core::Model;
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
    /// About how many seconds a picture takes, see [`seconds`], where the core is known.
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
    let mut advice = Vec::new();
    if flash == 0 || ram == 0 {
        advice.push("the application itself does not fit".to_owned());
    } else if file > flash {
        // Weights go with the product of two layers' widths.
        let widths = (flash as f64 / file as f64).sqrt() * 100.0;
        advice.push(format!(
            "{} bytes of flash too many: train with {:.0} % of the channels in each layer",
            file - flash,
            widths.floor()
        ));
    }
    if ram > 0 && model.working_memory() > ram {
        let least = choices(model).first().map_or(0, |choice| choice.working_memory_bytes);
        advice.push(if least <= ram {
            format!("{} bytes of RAM too many: quantise with --ram-budget {ram}", fit.ram - ram)
        } else {
            let widths = 100.0 * ram as f64 / least as f64;
            format!(
                "{} bytes of RAM too many, row by row: train with {:.0} % of the channels in each layer",
                least - ram,
                widths.floor()
            )
        });
    }
    let macs = model.layers().iter().map(|layer| layer.useful_macs()).sum();
    let seconds = board.core.map(|(core, clock)| seconds(core, clock, macs)).transpose()?;
    Ok(Verdict {
        board: board.name.clone(),
        fits: fit.fits(),
        flash: [file, flash],
        ram: [fit.ram, ram],
        seconds,
        advice,
    })
}

/// About how many seconds so many useful MACs take on a core of so many MHz, if each of its
/// [`instructions`] took a cycle and none waited for flash.
///
/// # Errors
/// If the bench has no such core.
pub fn seconds(core: &str, clock: f64, macs: u64) -> Result<f64> {
    Ok(instructions(core, macs)? * macs as f64 / (clock * 1e6))
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

/// Instructions for each useful MAC on a core: of the generator in `docs/bench.json` that is nearest in size.
///
/// # Errors
/// If the bench has no such core.
pub fn instructions(core: &str, macs: u64) -> Result<f64> {
    let lines: Vec<Line> = serde_json::from_str(BENCH).context("docs/bench.json")?;
    let whole =
        lines.iter().filter(|it| it.core == core && it.layer == "all" && !it.model.contains(','));
    let distance = |line: &&Line| (line.useful_macs / macs as f64).ln().abs();
    let nearest = whole.min_by(|a, b| distance(a).total_cmp(&distance(b)));
    let nearest = nearest.with_context(|| format!("docs/bench.json has no core {core}"))?;
    Ok(nearest.instructions / nearest.useful_macs)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(!flash.fits && flash.advice[0].ends_with("50 % of the channels in each layer"));
        let ram = of(1 << 20, reserved + model.working_memory() / 2);
        assert!(!ram.fits && ram.advice[0].contains("train with 49 %"), "{ram:?}");
    }

    #[test]
    fn instructions_are_those_of_the_nearest_generator() {
        let lines: Vec<Line> = serde_json::from_str(BENCH).unwrap();
        let of = |model: &str| {
            lines
                .iter()
                .find(|it| it.core == "M4" && it.model == model && it.layer == "all")
                .unwrap()
        };
        for model in ["faces", "512-256-128-64-3"] {
            let line = of(model);
            let expected = line.instructions / line.useful_macs;
            assert_eq!(instructions("M4", line.useful_macs as u64).unwrap(), expected);
        }
        assert!(instructions("Z80", 1).is_err());
        assert!(CORES.iter().all(|(core, _)| instructions(core, 1_000_000).is_ok()));
    }
}
