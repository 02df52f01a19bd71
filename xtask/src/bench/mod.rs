//! `cargo xtask bench`: measures a picture on emulated cores, in instructions, memory and flash.
//!
//! - [`CORES`]: the cores; [`model`]: the models, including those of [`reference`](mod@reference)
//! - [`program`]: builds the measuring program and runs it
//! - [`Record`]: a measurement; [`table`] prints records, [`golden`] compares them with the accepted ones

mod golden;
mod model;
#[cfg(test)]
mod network;
mod program;
mod table;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use boards::record::{Measurements, Record, accepted};
use boards::{CORES, Core};
use clap::Args;
use clap::builder::PossibleValuesParser;
use emulator::{bench, launch};
use output::file;
use setup::{rustup, step};

use self::program::MeasuringProgram;
use crate::test::SKIPPED;
use crate::tools;

/// Selects what is measured and what is done with the result.
#[derive(Args, Debug)]
pub struct Options {
    /// Measure only this core; may be repeated
    #[arg(long = "core", value_name = "NAME", value_parser = PossibleValuesParser::new(CORES.map(|core| core.name)))]
    pub cores: Vec<String>,
    /// Measure only this model; may be repeated
    #[arg(long = "model", value_name = "NAME", value_parser = PossibleValuesParser::new(model::names()))]
    pub models: Vec<String>,
    /// Also write the measurements as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Fail if a figure differs from boards/bench.json
    #[arg(long)]
    pub check: bool,
    /// Write boards/bench.json and the tables of docs/performance.md; figures of cores and models not
    /// measured now are kept
    #[arg(long, conflicts_with = "check")]
    pub accept: bool,
}

/// Measures, then prints the tables or compares with the accepted figures.
///
/// # Errors
///
/// If something cannot be built or run, two cores draw different pictures, or, with `check`, figures differ
/// from the accepted ones.
pub fn bench(options: &Options) -> Result<()> {
    let chosen = |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
    let (cores, models) = (&options.cores, &options.models);
    let cores: Vec<Core> = CORES.into_iter().filter(|core| chosen(cores, core.name)).collect();
    let asked = |record: &Record| {
        cores.iter().any(|core| core.name == record.core) && chosen(models, &record.model)
    };
    let targets: Vec<&str> = cores.iter().map(|core| core.target).collect();
    rustup::install("target", &targets)?;
    cores.iter().try_for_each(|core| tools::emulator(bench::board(*core)?, false))?;

    let names = model::names().into_iter().filter(|name| chosen(models, name));
    let files: Vec<_> = names.map(|name| Ok((name, model::file(name)?))).collect::<Result<_>>()?;
    let mut records = Vec::new();
    for core in &cores {
        let programs = format!("programs, {}", core.name);
        let program = step::job(&programs, || MeasuringProgram::build(*core))?;
        for (name, file) in &files {
            let run = format!("{name}, {}", core.name);
            records.extend(step::job(&run, || program.measure(name, file))?);
        }
    }
    same_pictures(&records)?;
    let (compiler, emulator) = versions(&cores)?;
    let mut measured = Measurements { compiler, emulator, records };
    let versions = measured.versions();

    if let Some(path) = &options.json {
        file::replace(path, measured.to_json()?.as_bytes())?;
    }
    if options.check {
        let mut accepted = accepted();
        accepted.records.retain(asked);
        if accepted.compiler != measured.compiler {
            println!(
                "{} {versions} Instructions, stack and code are {SKIPPED}: they depend on the compiler.",
                accepted.versions()
            );
            golden::take_compilers_figures(&accepted.records, &mut measured.records);
        }
        let differences = golden::differences(&accepted.records, &measured.records).join("\n");
        let then = accepted.versions();
        ensure!(
            differences.is_empty(),
            "{differences}\nThese figures differ from boards/bench.json.\nThen: {then}\nNow: {versions}\n\
             If the change is intended, type cargo xtask bench --accept"
        );
        return Ok(());
    }
    println!("\n{versions}\n\n{}", table::tables(&measured.records));
    if options.accept {
        let mut others = accepted().records;
        others.retain(|record| !asked(record));
        measured.records.append(&mut others);
        sort(&mut measured.records);
        golden::write(&measured)?;
    }
    Ok(())
}

/// Sorts records by the order of [`CORES`], then of the models. Drops records of cores and models that no
/// longer exist.
fn sort(records: &mut Vec<Record>) {
    let models = model::names();
    let place = |record: &Record| {
        let core = CORES.iter().position(|core| core.name == record.core)?;
        Some((core, models.iter().position(|name| *name == record.model)?))
    };
    records.retain(|record| place(record).is_some());
    records.sort_by_key(place);
}

/// Checks that each model's picture has the same CRC-32 on every core.
fn same_pictures(records: &[Record]) -> Result<()> {
    let pictures = || records.iter().filter_map(|it| Some((it, &it.whole.as_ref()?.picture)));
    for (Record { core, model, .. }, ours) in pictures() {
        for (other, theirs) in pictures().filter(|(other, _)| other.model == *model) {
            ensure!(
                ours == theirs,
                "{model} draws another picture on {core} than on {}: CRC-32 {ours} and {theirs}",
                other.core
            );
        }
    }
    Ok(())
}

/// Names and versions of the compiler and of the emulators of `cores`.
fn versions(cores: &[Core]) -> Result<(String, String)> {
    // Omits the compiler's commit and the distribution's package, which are in brackets.
    let name = |program: &str| {
        let output = Command::new(program).arg("--version").output();
        let output = output.with_context(|| format!("cannot run {program}"))?.stdout;
        let text = String::from_utf8(output)?;
        let line = text.lines().next().unwrap_or_default();
        anyhow::Ok(line.split('(').next().unwrap_or_default().trim().to_owned())
    };
    let emulators = cores.iter().map(|core| name(launch::qemu(*core)));
    let mut emulators: Vec<String> = emulators.collect::<Result<_>>()?;
    // All programs report "QEMU" and usually the same version.
    emulators.dedup();
    Ok((name("rustc")?, emulators.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::network::network;
    use super::{same_pictures, sort};

    #[test]
    fn another_picture_is_an_error() {
        let mut records = [network("M3", "faces", 1), network("M4", "faces", 2)].concat();
        same_pictures(&records).unwrap();
        records[3].whole.as_mut().unwrap().picture = "1".into();
        let error = same_pictures(&records).unwrap_err().to_string();
        assert!(error.starts_with("faces draws another picture on M3 than on M4"), "{error}");
    }

    #[test]
    fn records_have_one_order() {
        let names = [("M4", "faces"), ("M3", "fashion"), ("M3", "gone"), ("M3", "faces")];
        let mut records = names.map(|(core, model)| network(core, model, 1)).concat();
        sort(&mut records);
        let order = [("M3", "faces"), ("M3", "fashion"), ("M4", "faces")];
        assert_eq!(records, order.map(|(core, model)| network(core, model, 1)).concat());
    }
}
