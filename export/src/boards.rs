//! Whether a generator fits a board, and what to change.

use crate::{plans, times};
use anyhow::Result;
use firmware::fit::Fit;
use gen_core::element::{Element, Weight};
use gen_core::{Layer, Model};
use serde::Serialize;

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
    /// About how many seconds a picture takes, see [`times::time`], where the core is known.
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
            "{} bytes of flash too many: {}",
            file - flash,
            narrower(widths(model, file, flash))
        ));
    }
    if ram > 0 && model.working_memory() > ram {
        let least = plans::least(model.layers());
        advice.push(if least <= ram {
            format!("{} bytes of RAM too many: quantise with --ram-budget {ram}", fit.ram - ram)
        } else if least_in_bytes <= ram {
            format!(
                "{} bytes of RAM too many, row by row: tensors of 8 bits take {} less",
                least - ram,
                least - least_in_bytes
            )
        } else {
            let percent = 100 * ram / least;
            format!("{} bytes of RAM too many, row by row: {}", least - ram, narrower(percent))
        });
    }
    let time = board.core.map(|(core, clock)| times::time(core, clock, model)).transpose()?;
    Ok(Verdict {
        board: board.name.clone(),
        fits: fit.fits(),
        flash: [file, flash],
        ram: [fit.ram, ram],
        seconds: time.map(|time| time.seconds),
        advice,
    })
}

/// What to do about a generator of which only so many percent of the channels fit.
fn narrower(percent: usize) -> String {
    match percent {
        // Nothing would be left to draw with.
        ..25 => "take a board with more, or train a far smaller one".to_owned(),
        _ => format!("train with {percent} % of the channels in each layer"),
    }
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
    let wide = model.layers().iter().filter(|layer| layer.weight() == Weight::Wide);
    let flash = wide.map(|layer| layer.weight_bytes() / 2).sum();
    let narrow = model.layers().iter().map(|layer| layer.with_element(Element::Byte));
    let narrow: Vec<Layer> = narrow.collect();
    (flash, plans::least(&narrow))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Options;
    use crate::sketch;

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
        let tiny = of(code + file.len() / 20, reserved + model.working_memory() / 20);
        assert!(
            tiny.advice
                .iter()
                .all(|it| it.contains("too many") && it.contains("a board with more"))
        );
        assert_eq!(tiny.advice.len(), 2);
        let ram = of(1 << 20, reserved + model.working_memory() / 2);
        assert!(!ram.fits && ram.advice[0].contains("train with 49 %"), "{ram:?}");
    }

    /// What has 12 bits is told to have 8, where that does, to the byte.
    #[test]
    fn eight_bits_are_advised_where_they_fit() {
        let of = |bits| {
            let few = Options { calibrate: 8, compare: 1, ..Options::default() };
            sketch::exported(&Options { activations: bits, weights: bits, ..few })
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
        assert!(advice(bytes.len() / 2, 1 << 19)[0].contains("a board with more"));
    }
}
