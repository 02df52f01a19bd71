//! Debian packages: installs them, or unpacks them into a directory.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::step;

/// Installs packages with apt-get as root. `problem`: what is missing, for the messages.
///
/// # Errors
///
/// If there is no apt-get, the user is not root, or apt-get fails. The error consists of `problem` and what
/// to install or to type.
pub fn install(packages: &[&str], problem: &str) -> Result<()> {
    let names = packages.join(" ");
    ensure!(
        has_apt(),
        "{problem}: install {names} (Debian's names) with your package manager, then try again"
    );
    update(problem, &format!("apt-get install --yes {names}"))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    step::run(&format!("apt-get install {names}"), &mut install)
}

/// Downloads a package and unpacks it into `directory`, without installing it.
///
/// # Errors
///
/// If there is no apt-get, or it cannot download the package. The message says what to do.
pub fn unpack(package: &str, directory: &Path) -> Result<()> {
    ensure!(
        has_apt(),
        "{package} is a Debian package and there is no apt-get: try on Debian or Ubuntu"
    );
    if !step::runs(Command::new("apt-cache").args(["show", package])) {
        let problem = format!("apt does not know {package}");
        update(&problem, "apt-get update, then try again")?;
    }
    println!("downloading Debian's package {package} with apt-get, without installing it");
    let mut download = Command::new("apt-get");
    // Run as the current user: apt's own user cannot write into the directory, and apt would warn.
    download.args(["-o", "APT::Sandbox::User=", "download", package]).current_dir(directory);
    step::run("apt-get download", &mut download).with_context(|| {
        format!("apt-get could not fetch {package}, see its output above: type sudo apt-get update and try again")
    })?;
    let files = fs::read_dir(directory).with_context(|| format!("{}", directory.display()))?;
    let mut files = files.filter_map(|file| Some(file.ok()?.path()));
    let file = files.find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    let file = file.with_context(|| format!("apt-get has fetched no {package}"))?;
    let mut open = Command::new("dpkg-deb");
    step::run("dpkg-deb", open.arg("--extract").arg(file).arg(directory))
}

fn has_apt() -> bool {
    step::runs(Command::new("apt-get").arg("--version"))
}

/// Updates the package lists as root. `problem`: why they are needed. `remedy`: what the error tells another
/// user to type after `sudo`.
fn update(problem: &str, remedy: &str) -> Result<()> {
    let id = Command::new("id").arg("-u").output().context("cannot run id")?;
    ensure!(id.stdout.trim_ascii() == b"0", "{problem}; type: sudo {remedy}");
    println!("{problem}; updating the package lists with apt-get update");
    step::run("apt-get update", Command::new("apt-get").arg("update"))
}
