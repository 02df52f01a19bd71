//! Reports as text of at most 100 columns.

use crate::boards::Verdict;
use crate::draw::classifier::Frechet;
use crate::import::verify::Check;
use crate::picture::fidelity::{Fidelity, LEVELS};
use crate::report::{Layout, Report, TableReport, Worst};
use boards::CoreTime;
use output::number::grouped;
use std::fmt::Write;

/// Sizes of a generator.
pub fn layout(layout: &Layout) -> String {
    let [height, width, channels] = layout.image;
    let mut text = format!("{}: pictures {height}×{width}×{channels} of latents\n", layout.name);
    text.push_str(&latent(layout));
    text.push('\n');
    row(
        &mut text,
        ["", "layer", "kind", "input", "output", "kernel", "MACs", "weights", "read", "window"],
    );
    for (index, layer) in layout.layers.iter().enumerate() {
        let map = |[height, width, channels]: [usize; 3]| format!("{height}×{width}×{channels}");
        let [kernel, stride] = [layer.kernel, layer.stride].map(|[rows, columns]| {
            if rows == columns { rows.to_string() } else { format!("{rows}×{columns}") }
        });
        row(
            &mut text,
            [
                &index.to_string(),
                &ending(&layer.name, 21),
                layer.kind,
                &map(layer.input),
                &map(layer.output),
                &format!("k{kernel} s{stride}"),
                &grouped(layer.useful_macs),
                &grouped(layer.weight_bytes as u64),
                &times(layer.weight_read_bytes, layer.weight_bytes),
                &grouped(layer.window_bytes as u64),
            ],
        );
    }
    let (macs, weights) = (grouped(layout.useful_macs), grouped(layout.weight_bytes as u64));
    let memory = grouped(layout.working_memory_bytes as u64);
    let read = times(layout.weight_read_bytes, layout.weight_bytes);
    row(&mut text, ["", "total", "", "", "", "", &macs, &weights, &read, ""]);
    let flash = grouped(layout.flash_bytes as u64);
    let _ = writeln!(
        text,
        "\nflash {flash} bytes (the .gen file), {macs} useful MACs a picture\n\
         working memory {memory} bytes, beside the engine itself ({} here, about half on 32 bits)",
        grouped(size_of::<gen_core::Engine>() as u64)
    );
    text.push_str(&reads(layout));
    text
}

/// Elements of a latent.
fn latent_len(layout: &Layout) -> usize {
    layout.latent.iter().map(|part| part.len).sum()
}

/// What goes in, part by part.
fn latent(layout: &Layout) -> String {
    let mut text = String::new();
    for part in &layout.latent {
        let last = part.begin + part.len - 1;
        let name = ending(&part.name, 24);
        let guessed = if part.guessed {
            format!(",\n{:27}by its name alone: if it is none, --latent {}=normal", "", part.name)
        } else {
            String::new()
        };
        let place = format!("{}…{last}", part.begin);
        let _ = writeln!(text, "  {name:<24} elements {place}, {}{guessed}", part.distribution);
    }
    text
}

/// How often weights are read, and what that depends on.
fn reads(layout: &Layout) -> String {
    let whole = layout.layers.iter().filter(|layer| layer.whole).count();
    let mut text = format!(
        "weights are read once an output row{}: {} bytes a picture\n",
        match whole {
            0 => String::new(),
            1 => ", of layer 0 once a picture".to_owned(),
            _ => format!(", of layers 0 to {} once a picture", whole - 1),
        },
        grouped(layout.weight_read_bytes)
    );
    for choice in layout.choices.iter().filter(|it| it.whole != whole) {
        let _ = writeln!(
            text,
            "  with --ram-budget {:<8} {:>14} bytes",
            choice.working_memory_bytes,
            grouped(choice.weight_read_bytes)
        );
    }
    text
}

/// How often weights are read in a picture.
fn times(read: u64, weights: usize) -> String {
    format!("{:.1}×", read as f64 / weights.max(1) as f64)
}

/// The network from the latent down, each layer with what is one with it.
pub fn diagram(layout: &Layout) -> String {
    let mut text = format!("latent {}, 12 bits\n", latent_len(layout));
    for layer in &layout.layers {
        let [kernel, stride] = [layer.kernel, layer.stride].map(|[a, b]| format!("{a}×{b}"));
        let geometry = match layer.kind {
            "dense" => String::new(),
            _ => format!(", kernel {kernel}, stride {stride}"),
        };
        let _ = writeln!(text, "  │  {}{geometry}  {}", layer.kind, layer.name);
        for step in &layer.steps {
            let _ = writeln!(text, "  │    {step}");
        }
        let [height, width, channels] = layer.output;
        let (bits, epilogue) = (layer.output_bits, layer.epilogue);
        let _ = writeln!(text, "  ▼  {height}×{width}×{channels}, {bits} bits ({epilogue})");
    }
    text
}

fn row(text: &mut String, cells: [&str; 10]) {
    let [index, name, kind, input, output, kernel, macs, weights, read, window] = cells;
    let line = format!(
        "{index:>2} {name:<21} {kind:<10} {input:<9} {output:<9} {kernel:<7} {macs:>11} {weights:>9} {read:>5} \
         {window:>7}"
    );
    text.push_str(line.trim_end());
    text.push('\n');
}

/// A whole export.
pub fn report(report: &Report) -> String {
    let mut text = layout(&report.layout);
    text.push_str(&times_on_cores(&report.times));
    if !report.tensors.is_empty() {
        let _ = writeln!(
            text,
            "\n{:<36} {:>4} {:>10} {:>10} {:>4} {:>11} {:>9}",
            "tensor", "bits", "low", "high", "zero", "saturated", "SQNR"
        );
    }
    for tensor in &report.tensors {
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
    if !report.sensitivities.is_empty() {
        let _ = writeln!(
            text,
            "\n{:<36} {:>11} {:>11}  PSNR if only these are in 8 bits",
            "layer", "weights", "output"
        );
    }
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
    text.push_str(&against_eight_bits(report));
    if !report.tables.is_empty() {
        text.push('\n');
    }
    for table in &report.tables {
        let TableReport { layer, function, entries } = table;
        let _ = writeln!(text, "{function} behind {}: table of {entries}", ending(layer, 40));
    }
    let _ = match &report.import {
        Check::Same => {
            writeln!(text, "\nimported exactly: the file itself draws the same in tract")
        }
        Check::NotRun(why) => {
            writeln!(text, "\nnot compared with the file itself, in tract: {why}")
        }
        Check::Differs(off) => writeln!(
            text,
            "\nThe file itself draws something else in tract, off by {:.2}% of the pictures' range: one of the \
             two is wrong. Compare `export sample` with another runtime.",
            off * 100.0
        ),
    };
    let settings = &report.settings;
    let _ = write!(
        text,
        "\n{} latents for the ranges; against the float network on others, from seed {}:\n{}",
        settings.calibration_latents,
        settings.seed,
        fidelity(&report.fidelity)
    );
    let worst = report.worst.iter().map(|Worst { seed, psnr }| format!("{seed} ({psnr:.1} dB)"));
    let worst: Vec<String> = worst.collect();
    let lines: Vec<String> = worst.chunks(2).map(|line| line.join(", ")).collect();
    let _ = writeln!(text, "worst pictures: seeds {}", lines.join(",\n                      "));
    text.push_str(
        "  NAME.worst.png has them in this order: in float, on the device, their difference × 8\n",
    );
    if let Some(Frechet { features, device, others }) = &report.frechet {
        let [device, others] = [device, others].map(|it| significant(*it));
        let _ = writeln!(
            text,
            "squared Fréchet distance in {features} of the classifier's features: {device};\n\
             of the float network's pictures of as many other latents, which chance alone makes others: {others}",
        );
    }
    text
}

/// What 12 bits cost, and bring.
fn against_eight_bits(report: &Report) -> String {
    let Some(eight) = &report.eight_bits else { return String::new() };
    let layout = &report.layout;
    if layout.layers.iter().all(|layer| layer.weight_bits == 8 && layer.output_bits == 8) {
        return format!("\n8 bits throughout reach {:.2} dB: nothing has 12\n", eight.psnr_mean);
    }
    let more = |now: u64, before: u64| grouped(now.saturating_sub(before));
    let longer: Vec<String> = report
        .times
        .iter()
        .zip(&eight.times)
        .filter(|(now, _)| ["M0+", "M4"].contains(&now.core))
        .map(|(now, before)| {
            let more = 100.0 * (now.seconds / before.seconds - 1.0);
            format!("{more:.0} % more time on an {}", now.core)
        })
        .collect();
    format!(
        "\n8 bits throughout: {:.2} dB\n12 bits: {} bytes of flash more, {} of working memory,\n         {}\n",
        eight.psnr_mean,
        more(layout.flash_bytes as u64, eight.flash_bytes as u64),
        more(layout.working_memory_bytes as u64, eight.working_memory_bytes as u64),
        longer.join(", ")
    )
}

/// How long layers take on some cores.
fn times_on_cores(times: &[CoreTime]) -> String {
    let mut text = "\nms a picture, each instruction a cycle, none waiting for flash:\n".to_owned();
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

/// Where a generator fits.
pub fn verdicts(verdicts: &[Verdict]) -> String {
    let mut text = format!(
        "{:<14} {:<5} {:>25} {:>23} {:>12}\n",
        "board", "fits", "flash", "working memory", "a picture"
    );
    for verdict in verdicts {
        let of = |[used, room]: [usize; 2]| {
            format!("{} of {}", grouped(used as u64), grouped(room as u64))
        };
        let seconds = verdict.seconds.map_or(String::new(), |seconds| format!("> {seconds:.3} s"));
        let fits = if verdict.fits { "yes" } else { "no" };
        let line = format!(
            "{:<14} {fits:<5} {:>25} {:>23} {seconds:>12}",
            verdict.board,
            of(verdict.flash),
            of(verdict.ram)
        );
        let _ = writeln!(text, "{}", line.trim_end());
        for advice in &verdict.advice {
            let _ = writeln!(text, "  {advice}");
        }
    }
    text.push_str(
        "bytes beside the application's own; times without the screen, if each instruction took a cycle and\n\
         none waited for flash: expect more, see docs/boards.md\n",
    );
    text
}

/// How close pictures are.
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

/// Three digits of a number that may be small.
fn significant(number: f64) -> String {
    let decimals = 2.0 - number.abs().max(1e-12).log10().floor();
    format!("{number:.*}", decimals.clamp(0.0, 12.0) as usize)
}

/// The end of a name too long for its column.
pub(crate) fn ending(name: &str, columns: usize) -> String {
    let len = name.chars().count();
    if len <= columns {
        return name.to_owned();
    }
    let end: String = name.chars().skip(len - columns + 1).collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::{ending, significant};

    #[test]
    fn numbers_are_short_and_names_cut_in_front() {
        assert_eq!(
            [0.0, 0.006_814, 1.2345, 123.4].map(significant),
            ["0.000000000000", "0.00681", "1.23", "123"]
        );
        assert_eq!(ending("abcdef", 6), "abcdef");
        assert_eq!(ending("abcdefg", 6), "…cdefg");
    }
}
