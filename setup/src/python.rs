//! Python environments.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{debian, step};

/// Creates a Python environment in `directory`, unless it exists, and installs the packages listed in the
/// file `requirements`. Returns the path of its interpreter.
///
/// # Errors
///
/// If there is no Python 3 with `venv`, or pip cannot install a package.
pub fn environment(directory: &Path, requirements: &Path) -> Result<PathBuf> {
    let python = directory.join("bin/python");
    if !step::runs(Command::new(&python).args(["-m", "pip", "--version"])) {
        if !step::runs(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
            debian::install(&["python3-venv"], "there is no Python 3 with venv")?;
        }
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(directory);
        step::run("create a Python environment", &mut venv)?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    step::run("Python packages", pip.arg(requirements))?;
    Ok(python)
}
