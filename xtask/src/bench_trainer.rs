//! `cargo xtask bench-trainer`: compares the trainer's speed with PyTorch's.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use setup::{python, step, workspace};

/// Creates the Python environment, builds the trainer, and times both, one after the other.
///
/// # Errors
///
/// If the environment cannot be created or one of the programs fails.
pub fn bench_trainer() -> Result<()> {
    let target = workspace::target_directory()?;
    let scripts = workspace::root().join("tests/bench");
    println!("PyTorch needs some gigabytes in {}", target.join("bench-trainer").display());
    let python = python::environment(
        &target.join("bench-trainer/python"),
        &scripts.join("requirements.txt"),
    )?;
    step::run("build", workspace::cargo().args(["build", "--package", "dcgan"]))?;
    let out = target.join("bench-trainer/out");
    fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut steps = Command::new(python);
    steps.arg(scripts.join("steps.py"));
    steps.arg("--dcgan").arg(target.join("debug/dcgan")).arg("--out").arg(out);
    step::run("steps a second", &mut steps)
}
