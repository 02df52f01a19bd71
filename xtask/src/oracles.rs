//! `cargo xtask oracles`: comparison with ONNX Runtime, in Python.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use setup::{python, step, workspace};

/// Makes the Python environment and runs the comparison over the models here, and over those in
/// `generators` too; of so many latents each, if that is said.
///
/// # Errors
///
/// If the environment cannot be made or anything differs.
pub fn oracles(generators: Option<&Path>, latents: Option<u32>) -> Result<()> {
    let target = workspace::target_directory()?;
    let mut oracles = script("oracles.py", &target.join("oracles/out"))?;
    // All of the workspace, as the tests build it: tract is not built once more.
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

/// Times pictures of the engine beside tract and ONNX Runtime, in a release build.
///
/// # Errors
///
/// If the environment cannot be made or one of them fails.
pub fn speed() -> Result<()> {
    let out = workspace::target_directory()?.join("oracles/speed");
    let mut speed = script("speed.py", &out)?;
    let mut build = workspace::cargo();
    build.args(["bench", "--package", "export", "--bench", "generators", "--no-run"]);
    step::run("build", &mut build)?;
    step::run("engine, tract and ONNX Runtime", &mut speed)
}

/// A script of tests/oracles in its Python environment, which is made if need be, to write to `out`.
fn script(name: &str, out: &Path) -> Result<Command> {
    let scripts = workspace::root().join("tests/oracles");
    let python = workspace::target_directory()?.join("oracles/python");
    let python = python::environment(&python, &scripts.join("requirements.txt"))?;
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut script = Command::new(python);
    script.arg(scripts.join(name)).arg("--out").arg(out);
    Ok(script)
}
