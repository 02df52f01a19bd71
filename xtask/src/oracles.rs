//! `cargo xtask oracles`: compares with ONNX Runtime, in Python.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use setup::{python, step, workspace};

/// Creates the Python environment and runs the comparison on the models of the repository, and on those in
/// `generators`. `latents`: number of latents for each model instead of the default.
///
/// # Errors
///
/// If the environment cannot be created or anything differs.
pub fn oracles(generators: Option<&Path>, latents: Option<u32>) -> Result<()> {
    let target = workspace::target_directory()?;
    let mut oracles = script("oracles.py", &target.join("oracles/out"))?;
    // Builds the whole workspace, as the tests do, so that tract is not compiled again with other features.
    let mut build = workspace::cargo();
    build.args(["build", "--workspace", "--all-targets"]);
    step::run("build", &mut build)?;

    oracles.arg("--export").arg(target.join("debug/export"));
    oracles.arg("--tract").arg(target.join("debug/examples/tract"));
    oracles.arg("--dcgan").arg(target.join("debug/dcgan"));
    if let Some(directory) = generators {
        let path = directory.canonicalize().with_context(|| format!("{}", directory.display()))?;
        oracles.arg("--generators").arg(path);
    }
    if let Some(latents) = latents {
        oracles.arg("--latents").arg(latents.to_string());
    }
    step::run("ONNX Runtime and tract", &mut oracles)
}

/// Compares the speed of the engine with tract and ONNX Runtime, in a release build.
///
/// # Errors
///
/// If the environment cannot be created or one of the programs fails.
pub fn speed() -> Result<()> {
    let out = workspace::target_directory()?.join("oracles/speed");
    let mut speed = script("speed.py", &out)?;
    let mut build = workspace::cargo();
    build.args(["bench", "--package", "export", "--bench", "generators", "--no-run"]);
    step::run("build", &mut build)?;
    step::run("engine, tract and ONNX Runtime", &mut speed)
}

/// A command that runs a script of tests/oracles in its Python environment, which it creates if needed, with
/// output to `out`.
fn script(name: &str, out: &Path) -> Result<Command> {
    let scripts = workspace::root().join("tests/oracles");
    let python = workspace::target_directory()?.join("oracles/python");
    let python = python::environment(&python, &scripts.join("requirements.txt"))?;
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut script = Command::new(python);
    script.arg(scripts.join(name)).arg("--out").arg(out);
    Ok(script)
}
