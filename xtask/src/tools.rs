//! Tools that are installed when they are missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{qemu, step};

/// Adds the parts of Rust that are missing: `kind` is `target` or `component`.
///
/// # Errors
///
/// If rustup cannot be run or does not succeed.
pub fn rustup(kind: &str, wanted: &[&str]) -> Result<()> {
    let output =
        Command::new("rustup").args([kind, "list", "--installed"]).output().with_context(|| {
            format!("cannot run rustup; install {kind}s {} yourself", wanted.join(" "))
        })?;
    let installed = String::from_utf8_lossy(&output.stdout);
    // Components are listed with the host's name behind theirs.
    let has = |part: &&&str| installed.lines().any(|line| line.starts_with(**part));
    let missing: Vec<&str> = wanted.iter().filter(|part| !has(part)).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing Rust {kind}s: {}", missing.join(" "));
    step::run(
        &format!("rustup {kind} add"),
        Command::new("rustup").args([kind, "add"]).args(missing),
    )
}

/// Makes sure that the emulator is there.
///
/// # Errors
///
/// If it is not and cannot be installed from here; names the command that does.
pub fn qemu() -> Result<()> {
    if runs(Command::new(qemu::PROGRAM).arg("--version")) {
        return Ok(());
    }
    debian_package("qemu-system-arm", &format!("{} is not installed", qemu::PROGRAM))
}

/// A Python with exactly the packages of a `requirements.txt`, in a directory of its own. Gives the interpreter.
///
/// # Errors
///
/// If there is no Python 3 with `venv`, or the packages cannot be had.
pub fn python(directory: &Path, requirements: &Path) -> Result<PathBuf> {
    let python = directory.join("bin/python");
    if !runs(Command::new(&python).args(["-m", "pip", "--version"])) {
        if !runs(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
            debian_package("python3-venv", "there is no Python 3 with venv")?;
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

/// Installs a Debian package as root; otherwise fails with the command to type.
fn debian_package(package: &str, problem: &str) -> Result<()> {
    let apt = runs(Command::new("apt-get").arg("--version"));
    ensure!(apt, "{problem}: install it, then try again");
    let id = Command::new("id").arg("-u").output().context("cannot run id")?;
    if id.stdout.trim_ascii() != b"0" {
        bail!("{problem}; type: sudo apt-get install --yes {package}");
    }
    println!("{problem}; installing the package {package}");
    step::run("apt-get update", Command::new("apt-get").arg("update"))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends", package]);
    step::run(&format!("apt-get install {package}"), &mut install)
}

/// Whether a command runs and succeeds.
fn runs(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
