//! The verdict on a generator and a board: whether it fits, how long a picture takes, and what to change.

use crate::quantize::plans;
use anyhow::Result;
use boards::{BOARDS, Board, Fit, Memory, time};
use gen_core::Model;
use gen_core::element::{Element, Weight};
use serde::Serialize;

/// Whether a generator fits a board, and what to change.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The board's name.
    pub board: String,
    /// Whether it fits.
    pub fits: bool,
    /// Bytes of the generator's file, and bytes that the firmware leaves free.
    pub flash: [usize; 2],
    /// Bytes of its working memory, and bytes that the firmware leaves free.
    pub ram: [usize; 2],
    /// Estimated seconds per picture by [`boards::time`], if the clock is known.
    pub seconds: Option<f64>,
    /// Changes that would make it fit.
    pub advice: Vec<String>,
    /// What the board's screen shows of the picture, if the picture is larger.
    pub screen: Option<String>,
}

/// The boards with a screen, on which the application runs.
pub fn with_a_screen() -> impl Iterator<Item = &'static Board> {
    BOARDS.iter().filter(|board| board.screen.is_some())
}

/// The verdict on `model`, whose file has `file` bytes, and `board`.
///
/// # Errors
///
/// If the bench has not measured the board's core.
pub fn on_board(model: &Model, file: usize, board: &Board) -> Result<Verdict> {
    let verdict = in_memory(model, file, board.name, board.memory());
    let seconds = board.clock_mhz.map(|mhz| anyhow::Ok(time(board.core, mhz, model)?.seconds));
    let picture = model.picture_shape();
    let sides = [picture.width as u32, picture.height as u32];
    let screen = board.screen.and_then(|screen| screen.cut(sides)).map(|cut| cut.to_string());
    Ok(Verdict { seconds: seconds.transpose()?, screen, ..verdict })
}

/// The verdict on `model`, whose file has `file` bytes, and the flash and RAM of `memory`, called `name`. It has no
/// time and no screen.
pub fn in_memory(model: &Model, file: usize, name: &str, memory: Memory) -> Verdict {
    let fit = Fit::new(model, file, memory);
    let (flash, ram) = (fit.flash_room(), fit.ram_room());
    let (saved, least_in_bytes) = in_eight_bits(model);
    let mut advice = Vec::new();
    if flash == 0 || ram == 0 {
        advice.push("the application itself does not fit".to_owned());
    } else if file > flash {
        let change = match file.saturating_sub(saved) <= flash {
            true => format!("weights of 8 bits take about {saved} less"),
            false => narrower(widths(model, file, flash)),
        };
        advice.push(format!("{} bytes of flash too many: {change}", file - flash));
    }
    let least = plans::least(model.layers());
    if ram > 0 && least > ram {
        let change = match least_in_bytes <= ram {
            true => format!("tensors of 8 bits take {} less", least - least_in_bytes),
            false => narrower(100 * ram / least),
        };
        advice.push(format!("{} bytes of RAM too many, even row by row: {change}", least - ram));
    } else if ram > 0 && fit.ram > ram {
        let more = fit.ram - ram;
        advice.push(format!("{more} bytes of RAM too many: quantise with --ram-budget {ram}"));
    }
    Verdict {
        board: name.to_owned(),
        fits: fit.fits(),
        flash: [file, flash],
        ram: [fit.ram, ram],
        seconds: None,
        advice,
        screen: None,
    }
}

/// Advice for a generator of which only `percent` of the channels fit.
fn narrower(percent: usize) -> String {
    match percent {
        // Too few channels are left to draw with.
        ..25 => "take a board with more of it, or train a far smaller generator".to_owned(),
        _ => format!("train with {percent} % of the channels in each layer"),
    }
}

/// Largest percentage of the channels in all hidden layers, at least 1, with which a file of `file` bytes fits `flash`.
/// A layer's weights are proportional to its input and output channels; the latent's and the picture's stay.
fn widths(model: &Model, file: usize, flash: usize) -> usize {
    let last = model.layers().len() - 1;
    let saved = |percent: usize| -> f64 {
        let part = percent as f64 / 100.0;
        let layers = model.layers().iter().enumerate().map(|(index, layer)| {
            let side = |hidden: bool| if hidden { part } else { 1.0 };
            layer.weight_bytes() as f64 * (1.0 - side(index > 0) * side(index < last))
        });
        layers.sum()
    };
    let fits = |percent: &usize| file as f64 - saved(*percent) <= flash as f64;
    (1..100).rev().find(fits).unwrap_or(1)
}

/// The sizes with 8 bits throughout: about how many bytes of flash are saved, and the least working memory in bytes.
fn in_eight_bits(model: &Model) -> (usize, usize) {
    let wide = model.layers().iter().filter(|layer| layer.weight() == Weight::Wide);
    let flash = wide.map(|layer| layer.weight_bytes() / 2).sum();
    let narrow = model.layers().iter().map(|layer| layer.with_element(Element::Byte));
    (flash, plans::least(&narrow.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Options;
    use crate::sketch::{self, Sketch};

    const FACES: &[u8] = include_bytes!("../../../models/faces.gen");

    #[test]
    fn the_shipped_model_fits_every_board() {
        let model = Model::parse(FACES).unwrap();
        for board in with_a_screen() {
            let verdict = on_board(&model, FACES.len(), board).unwrap();
            assert!(verdict.fits && verdict.advice.is_empty(), "{verdict:?}");
            assert_eq!(verdict.screen, None);
            // 2.3 million MACs, 1.3 to 3.5 instructions each, at 50 to 150 MHz.
            assert!((0.01..0.1).contains(&verdict.seconds.unwrap()), "{verdict:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_what_would() {
        let model = Model::parse(FACES).unwrap();
        let of = |flash: usize, ram: usize| {
            in_memory(&model, FACES.len(), "mine", Memory { flash, ram })
        };
        let enough = of(1 << 20, 1 << 20);
        let code = (1 << 20) - enough.flash[1];
        let reserved = (1 << 20) - enough.ram[1];
        assert!(enough.fits && enough.seconds.is_none());
        let exact = of(code + FACES.len(), reserved + model.working_memory());
        assert!(exact.fits, "{exact:?}");
        assert!(of(1000, 1 << 20).advice[0].contains("application itself"));
        let flash = of(code + FACES.len() / 4, 1 << 20);
        let percent = flash.advice[0].split(" %").next().unwrap().rsplit(' ').next().unwrap();
        let percent: usize = percent.parse().unwrap();
        // 32 to 96, 48, 24 and 3 channels, 16 weights for each pair; all else is 1,400 bytes and more.
        let weights = |percent: usize| {
            let [a, b, c] = [96, 48, 24].map(|channels| channels * percent / 100);
            16 * (32 * a + a * b + b * c + 3 * c)
        };
        assert!(!flash.fits && weights(percent) + 1400 <= FACES.len() / 4, "{flash:?}");
        assert!(weights(percent + 2) + 7000 > FACES.len() / 4, "{flash:?}");
        let tiny = of(code + FACES.len() / 20, reserved + model.working_memory() / 20);
        assert!(
            tiny.advice
                .iter()
                .all(|it| it.contains("too many") && it.contains("a board with more"))
        );
        assert_eq!(tiny.advice.len(), 2);
        let ram = of(1 << 20, reserved + model.working_memory() / 2);
        assert!(!ram.fits && ram.advice[0].contains("train with 49 %"), "{ram:?}");
    }

    #[test]
    fn a_picture_larger_than_the_screen_is_told() {
        let sketch = Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 70], vec![]);
        let few = Options { calibrate: 8, compare: 1, ..Options::default() };
        let file = sketch::exported(&sketch.plain("Tanh").finish(), &few).unwrap().gen_file;
        let model = Model::parse(&file).unwrap();
        for board in with_a_screen() {
            let verdict = on_board(&model, file.len(), board).unwrap();
            let larger = board.screen.is_some_and(|screen| screen.height < 70);
            assert_eq!(verdict.screen.is_some(), larger, "{verdict:?}");
            let text = crate::report::text::verdicts(&[verdict]);
            assert_eq!(
                text.contains("70×70) is larger than the screen (128×64)"),
                larger,
                "{text}"
            );
        }
    }

    /// 8 bits are advised exactly if a generator with 12 bits then fits.
    #[test]
    fn eight_bits_are_advised_where_they_fit() {
        let of = |bits| {
            let few = Options { calibrate: 8, compare: 1, ..Options::default() };
            let options = Options { activations: Some(bits), weights: Some(bits), ..few };
            sketch::exported(&sketch::dense_first(), &options).unwrap().gen_file
        };
        let (wide, bytes) = (of(12), of(8));
        let [wide_model, byte_model] = [&wide, &bytes].map(|file| Model::parse(file).unwrap());
        let advice = |flash: usize, ram: usize| {
            let all =
                |flash, ram| in_memory(&wide_model, wide.len(), "mine", Memory { flash, ram });
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
