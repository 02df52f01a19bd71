//! Compares with other programs, in Python: `cargo xtask oracles`, `cargo xtask bench-trainer`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use output::file;
use setup::{python, step, workspace};

/// What is compared with ONNX Runtime and tract.
#[derive(Args)]
pub struct Options {
    /// Also check the generators in this directory
    #[arg(long, value_name = "DIR")]
    generators: Option<PathBuf>,
    /// Number of pictures of each, instead of 64 per generator and 8 per layout
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    latents: Option<u32>,
    /// Compare speed with tract and ONNX Runtime instead
    #[arg(long, conflicts_with_all = ["generators", "latents"])]
    speed: bool,
}

/// Compares the models of the repository, or their speed, with ONNX Runtime and tract.
///
/// # Errors
///
/// If the Python environment cannot be created, a program fails, or anything differs.
pub fn oracles(options: &Options) -> Result<()> {
    if options.speed {
        return speed();
    }
    let target = workspace::target_directory()?;
    let mut oracles = script("oracles/oracles.py", &target.join("oracles"), "out")?;
    // Builds the whole workspace, as the tests do, so that tract is not compiled again with other features.
    let mut build = workspace::cargo();
    build.args(["build", "--workspace", "--all-targets"]);
    step::run("build", &mut build)?;

    oracles.arg("--export").arg(target.join("debug/export"));
    oracles.arg("--tract").arg(target.join("debug/examples/tract"));
    oracles.arg("--dcgan").arg(target.join("debug/dcgan"));
    if let Some(directory) = &options.generators {
        let path = directory.canonicalize().with_context(|| format!("{}", directory.display()))?;
        oracles.arg("--generators").arg(path);
    }
    if let Some(latents) = options.latents {
        oracles.arg("--latents").arg(latents.to_string());
    }
    step::run("ONNX Runtime and tract", &mut oracles)
}

/// Compares the speed of the engine with tract and ONNX Runtime, in a release build.
fn speed() -> Result<()> {
    let place = workspace::target_directory()?.join("oracles");
    let mut speed = script("oracles/speed.py", &place, "speed")?;
    let mut build = workspace::cargo();
    build.args(["bench", "--package", "export", "--bench", "generators", "--no-run"]);
    step::run("build", &mut build)?;
    step::run("engine, tract and ONNX Runtime", &mut speed)
}

/// Compares the trainer's speed with PyTorch's: times both, one after the other.
///
/// # Errors
///
/// If the environment cannot be created or one of the programs fails.
pub fn trainer() -> Result<()> {
    let target = workspace::target_directory()?;
    let place = target.join("bench-trainer");
    println!("PyTorch needs some gigabytes in {}", place.display());
    let mut steps = script("bench/steps.py", &place, "out")?;
    step::run("build", workspace::cargo().args(["build", "--package", "dcgan"]))?;
    step::run("steps a second", steps.arg("--dcgan").arg(target.join("debug/dcgan")))
}

/// A command that runs a script of `tests/` with output to the directory `out` in `place`. Its Python
/// environment, with the packages of the `requirements.txt` beside the script, is created in `place` if needed.
fn script(path: &str, place: &Path, out: &str) -> Result<Command> {
    let path = workspace::root().join("tests").join(path);
    let requirements = path.with_file_name("requirements.txt");
    let mut script = Command::new(python::environment(&place.join("python"), &requirements)?);
    let out = place.join(out);
    file::directory(&out)?;
    script.arg(path).arg("--out").arg(out);
    Ok(script)
}
