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
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output();
    let host = host.context("cannot run rustc")?.stdout;
    let (installed, host) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&host));
    let missing = missing(wanted, &installed, host.trim());
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing Rust {kind}s: {}", missing.join(" "));
    step::run(
        &format!("rustup {kind} add"),
        Command::new("rustup").args([kind, "add"]).args(missing),
    )
}

/// Those of `wanted` that rustup does not list as installed. It lists components with the host's
/// name behind theirs.
fn missing<'w>(wanted: &[&'w str], installed: &str, host: &str) -> Vec<&'w str> {
    let name = |line: &str| {
        let component = line.strip_suffix(host).and_then(|line| line.strip_suffix('-'));
        component.unwrap_or(line).to_owned()
    };
    let installed: Vec<String> = installed.lines().map(name).collect();
    wanted.iter().filter(|part| !installed.iter().any(|has| has == *part)).copied().collect()
}

/// Makes sure that the emulator is there, and with `window` also what it needs to open one.
///
/// # Errors
///
/// If it is not and cannot be installed from here; names the command that does.
pub fn qemu(window: bool) -> Result<()> {
    if !runs(Command::new(qemu::PROGRAM).arg("--version")) {
        let problem = format!("{} is not installed", qemu::PROGRAM);
        debian_package("qemu-system-arm", &problem)?;
    }
    if !window {
        return Ok(());
    }
    let displays = Command::new(qemu::PROGRAM).args(["-display", "help"]).output()?.stdout;
    if String::from_utf8_lossy(&displays).lines().any(|display| display == qemu::WINDOW) {
        return Ok(());
    }
    debian_package("qemu-system-gui", &format!("{} can open no window", qemu::PROGRAM))
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
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "--yes", "--no-install-recommends", package]);
    step::run(&format!("apt-get install {package}"), &mut install)
}

/// Whether a command runs and succeeds.
fn runs(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::missing;

    const HOST: &str = "x86_64-unknown-linux-gnu";

    #[test]
    fn a_target_is_not_another_that_begins_alike() {
        let installed = "thumbv7m-none-eabi\nthumbv8m.main-none-eabihf\nx86_64-unknown-linux-gnu\n";
        let wanted = ["thumbv7m-none-eabi", "thumbv8m.main-none-eabi", HOST];
        assert_eq!(missing(&wanted, installed, HOST), ["thumbv8m.main-none-eabi"]);
    }

    #[test]
    fn components_are_listed_with_their_host() {
        let installed = "clippy-x86_64-unknown-linux-gnu\nrust-src\n";
        let wanted = ["rustfmt", "clippy", "rust-src"];
        assert_eq!(missing(&wanted, installed, HOST), ["rustfmt"]);
    }
}
