//! Reports as text of at most 100 columns.

use crate::draw::classifier::Frechet;
use crate::draw::comparison::PER_ROW;
use crate::import::verify::Check;
use crate::picture::fidelity::{Fidelity, LEVELS};
use crate::quantize::mix::Goal;
use crate::report::verdict::Verdict;
use crate::report::{Chosen, EightBits, Report, TableReport, TensorReport, Worst, layout};
use crate::text::{ending, significant};
use boards::{Board, CoreTime};
use output::number::grouped;
use std::fmt::Write;
use std::path::Path;

/// The report of an export. `sheet` is the path of the PNG of the worst pictures.
pub fn report(report: &Report, sheet: &Path) -> String {
    let mut text = layout::table(&report.layout);
    text.push_str(&times_on_cores(&report.times));
    text.push_str(&tensors(&report.tensors));
    text.push_str(&sensitivities(report));
    text.push_str(&against_eight_bits(report));
    if !report.tables.is_empty() {
        text.push('\n');
    }
    for TableReport { layer, function, entries } in &report.tables {
        let _ =
            writeln!(text, "{function} after {}: table of {entries} entries", ending(layer, 40));
    }
    text.push_str(&import(&report.import));
    let settings = &report.settings;
    let [low, high] = settings.pixels;
    let assumed = if settings.pixels_assumed { " (assumed; set with --pixels)" } else { "" };
    let _ = write!(
        text,
        "pixels: output values {low} to {high}{assumed}\n\
         \n{} calibration latents; fidelity to the float network on others, from seed {}:\n{}{}",
        settings.calibration_latents,
        settings.seed,
        fidelity(&report.fidelity),
        worst(&report.worst, sheet)
    );
    if let Some(Frechet { features, device, others }) = &report.frechet {
        let [device, others] = [device, others].map(|it| significant(*it));
        let _ = writeln!(
            text,
            "squared Fréchet distance in the classifier's {features} features: {device};\n\
             for comparison, between two sets of the float network's own pictures: {others}",
        );
    }
    text
}

/// Table of the quantised tensors.
fn tensors(tensors: &[TensorReport]) -> String {
    if tensors.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n{:<36} {:>4} {:>10} {:>10} {:>4} {:>11} {:>9}\n",
        "tensor", "bits", "low", "high", "zero", "saturated", "SQNR"
    );
    for tensor in tensors {
        let name = ending(&tensor.name, 36);
        let _ = writeln!(
            text,
            "{name:<36} {:>4} {:>10.4} {:>10.4} {:>4} {:>10.4}% {:>6.1} dB",
            tensor.bits,
            tensor.low,
            tensor.high,
            tensor.zero_point,
            tensor.saturated * 100.0,
            tensor.sqnr_db
        );
    }
    text.push_str(
        "zero: the element that stands for 0; saturated: values of the calibration outside low to high;\n\
         SQNR: signal to quantisation noise\n",
    );
    text
}

/// Table of each layer's sensitivity to 8 bits.
fn sensitivities(report: &Report) -> String {
    if report.sensitivities.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n{:<36} {:>11} {:>11}  PSNR if only these are in 8 bits\n",
        "layer", "weights", "output"
    );
    for (it, layer) in report.sensitivities.iter().zip(&report.layout.layers) {
        let output = it.output_db.map_or(String::new(), |db| format!("{db:.1} dB"));
        let name = ending(&it.layer, 36);
        let wide = match (layer.weight_bits, layer.output_bits) {
            (8, 8) => "",
            (8, _) => "output in 12 bits",
            (_, 8) => "weights in 12 bits",
            _ => "weights and output in 12 bits",
        };
        let line = format!("{name:<36} {:>8.1} dB {output:>11}  {wide}", it.weights_db);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// Line that says whether the import was verified.
pub fn import(check: &Check) -> String {
    match check {
        Check::Same => {
            "\nimport verified: in tract, the file draws the same pictures to within 0.01 % of their range\n".to_owned()
        }
        Check::NotRun(why) => format!("\nimport not compared with the file itself: {why}\n"),
        Check::Differs(off) => format!(
            "\nimport differs: in tract, the file draws other pictures, off by {:.2} % of their range\n\
             (inf: another size or NaN). The import or tract is wrong: try `export sample` and another runtime.\n",
            off * 100.0
        ),
    }
}

/// The seeds of the worst pictures, in the order of the `sheet`.
fn worst(worst: &[Worst], sheet: &Path) -> String {
    let seed = |Worst { seed, psnr }: &Worst| format!("{seed} ({psnr:.1} dB)");
    let line = |pair: &[Worst]| pair.iter().map(seed).collect::<Vec<_>>().join(", ");
    let lines: Vec<String> = worst.chunks(PER_ROW).map(line).collect();
    format!(
        "worst pictures: seeds {}\n  \
         in this order, as float, device, their difference × 8: {}\n",
        lines.join(",\n                      "),
        sheet.display()
    )
}

/// PSNR of 8 bits throughout, and the flash, working memory and time that 12 bits add.
fn against_eight_bits(report: &Report) -> String {
    let Some(eight) = &report.eight_bits else { return String::new() };
    let layers = &report.layout.layers;
    if layers.iter().all(|layer| layer.weight_bits == 8 && layer.output_bits == 8) {
        let end = if report.chosen == Chosen::Given { ": nothing needs 12" } else { "" };
        return format!("\n8 bits throughout reach {:.2} dB{end}\n", eight.psnr_mean);
    }
    let cost = Cost::of(report, eight);
    format!(
        "\n8 bits throughout: {:.2} dB, worst {:.2}\n12 bits add: {} bytes of flash, {} of working memory,\n             {}\n",
        eight.psnr_mean, eight.psnr_worst, cost.flash, cost.memory, cost.times
    )
}

/// What 12 bits add to 8 bits throughout, as text.
struct Cost {
    flash: String,
    memory: String,
    times: String,
}

impl Cost {
    fn of(report: &Report, eight: &EightBits) -> Self {
        let more = |now: usize, before: usize| grouped(now.saturating_sub(before) as u64);
        let pairs = report.times.iter().zip(&eight.times);
        let longer = pairs.filter(|(now, _)| ["M0+", "M4"].contains(&now.core));
        let longer = longer.map(|(now, before)| {
            let more = 100.0 * (now.seconds / before.seconds - 1.0);
            format!("{more:.0} % to the time on an {}", now.core)
        });
        let layout = &report.layout;
        Self {
            flash: more(layout.flash_bytes, eight.flash_bytes),
            memory: more(layout.working_memory_bytes, eight.working_memory_bytes),
            times: longer.collect::<Vec<_>>().join(", "),
        }
    }
}

/// A line that says what a user would not expect: that parts have 12 bits although nobody asked for it, or that the
/// pictures are not good.
pub fn notice(report: &Report) -> Option<String> {
    let Fidelity { psnr_mean: mean, psnr_worst: worst, .. } = report.fidelity;
    let (least, least_worst) = (Goal::GOOD.psnr?, Goal::GOOD.worst?);
    if report.chosen == Chosen::Raised {
        let (why, cost) = match &report.eight_bits {
            Some(eight) => {
                let Cost { flash, memory, times } = Cost::of(report, eight);
                (
                    format!(
                        "8 bits throughout would give {:.1} dB (worst {:.1})",
                        eight.psnr_mean, eight.psnr_worst
                    ),
                    format!(
                        "; this adds {flash} bytes of flash, {memory} of working memory, {times}; \
                         --activations 8 --weights 8 keeps 8 bits"
                    ),
                )
            }
            None => ("8 bits throughout are not possible".to_owned(), String::new()),
        };
        return Some(format!(
            "note: {why}, so some parts have 12 bits: {mean:.1} dB (worst {worst:.1}){cost}\n"
        ));
    }
    if Goal::GOOD.is_reached_by(mean, worst) {
        return None;
    }
    let settings = &report.settings;
    let way = match report.chosen {
        Chosen::Missed { mean, worst } => {
            format!(
                "; the mixes of 8 and 12 bits that were tried have at most {mean:.1} dB, worst {worst:.1}"
            )
        }
        _ if !settings.goal.is_some() && settings.activation_bits + settings.weight_bits < 24 => {
            "; without --activations and --weights, mixes of 8 and 12 bits are tried".to_owned()
        }
        _ => String::new(),
    };
    Some(format!(
        "warning: the pictures differ visibly from the float network's: {mean:.1} dB, worst {worst:.1}, where {least} and \
         {least_worst} are good{way}\n"
    ))
}

/// Time of a picture on some cores, in ms, and of each layer.
fn times_on_cores(times: &[CoreTime]) -> String {
    let mut text =
        "\nms per picture, if each instruction takes a cycle and none waits for flash:\n"
            .to_owned();
    for time in times {
        let layers: Vec<String> =
            time.layers.iter().map(|seconds| format!("{:.1}", seconds * 1e3)).collect();
        let lines: Vec<String> = layers.chunks(7).map(|line| line.join(" + ")).collect();
        let core = format!("Cortex-{} {} MHz", time.core, time.clock_mhz);
        let next = format!("\n{:29} + ", "");
        let _ = writeln!(text, "{core:<20} {:>8.1} = {}", time.seconds * 1e3, lines.join(&next));
    }
    text
}

/// Mark behind the name of a board whose image is only for an emulator.
const EMULATED: &str = " (emulated)";

/// Table of the boards: whether a generator fits, its flash, working memory and time, and what to change.
pub fn verdicts(verdicts: &[Verdict]) -> String {
    let mut text = format!(
        "{:<22} {:<5} {:>25} {:>23} {:>12}\n",
        "board", "fits", "flash", "working memory", "per picture"
    );
    for verdict in verdicts {
        let of = |[used, room]: [usize; 2]| {
            format!("{} of {}", grouped(used as u64), grouped(room as u64))
        };
        let seconds = verdict.seconds.map_or(String::new(), |seconds| format!("> {seconds:.3} s"));
        let fits = if verdict.fits { "yes" } else { "no" };
        let flashed = Board::named(&verdict.board).is_none_or(Board::can_be_flashed);
        let name = format!("{}{}", verdict.board, if flashed { "" } else { EMULATED });
        let (flash, ram) = (of(verdict.flash), of(verdict.ram));
        let line = format!("{name:<22} {fits:<5} {flash:>25} {ram:>23} {seconds:>12}");
        let _ = writeln!(text, "{}", line.trim_end());
        for line in verdict.advice.iter().chain(&verdict.screen) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text.push_str(
        "flash: bytes of the .gen file, of those that the firmware itself leaves free\n\
         working memory: bytes of RAM that the engine takes, of those that the firmware leaves free\n\
         per picture: at least this time, if each instruction takes a cycle and none waits for flash,\n             \
         without the time of the screen\n",
    );
    if text.contains(EMULATED) {
        text.push_str("(emulated): a board that exists in an emulator only; see docs/boards.md\n");
    }
    text
}

/// PSNR, SSIM and largest error of the pictures, and how many pixels are off by more than each level.
pub fn fidelity(fidelity: &Fidelity) -> String {
    let mut text = format!(
        "{} pictures: PSNR mean {:.2}, worst {:.2} dB",
        fidelity.pictures, fidelity.psnr_mean, fidelity.psnr_worst
    );
    if let (Some(mean), Some(worst)) = (fidelity.ssim_mean, fidelity.ssim_worst) {
        let _ = write!(text, "; SSIM mean {mean:.4}, worst {worst:.4}");
    }
    let _ = writeln!(text, "; largest error {}", fidelity.largest_difference);
    let parts = LEVELS.iter().zip(fidelity.off_by_more);
    let parts = parts.map(|(level, part)| format!("{level}: {:.3}%", part * 100.0));
    let _ = writeln!(text, "pixels off by more than {}", parts.collect::<Vec<_>>().join(", "));
    text
}
