//! `cargo xtask oracles`: comparison with ONNX Runtime, in Python.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{step, tools, workspace};

/// Makes the Python environment and runs the comparison over the models here, and over those in
/// `generators` too.
///
/// # Errors
///
/// If the environment cannot be made or anything differs.
pub fn oracles(generators: Option<&Path>) -> Result<()> {
    let target = workspace::target_directory()?;
    let scripts = workspace::root().join("tests/oracles");
    let requirements = scripts.join("requirements.txt");
    let python = tools::python(&target.join("oracles/python"), &requirements)?;

    // All of the workspace, as the tests build it: tract is not built once more.
    let mut build = workspace::cargo();
    build.args(["build", "--workspace", "--all-targets"]);
    step::run("build", &mut build)?;

    let out = target.join("oracles/out");
    fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut oracles = Command::new(python);
    oracles.arg(scripts.join("oracles.py"));
    oracles.arg("--export").arg(target.join("debug/export"));
    oracles.arg("--dcgan").arg(target.join("debug/dcgan")).arg("--out").arg(out);
    if let Some(directory) = generators {
        let path = directory.canonicalize().with_context(|| format!("{}", directory.display()))?;
        oracles.arg("--generators").arg(path);
    }
    step::run("ONNX Runtime", &mut oracles)
}
