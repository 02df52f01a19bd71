//! Node.js, and packages installed by npm.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{debian, step};

/// The command that runs Node.js.
const NODE: &str = "node";

/// The oldest major version of Node.js that our scripts support.
const OLDEST: u32 = 18;

/// A command that runs Node.js without the options in the user's environment.
pub fn node() -> Command {
    let mut node = Command::new(NODE);
    // Options of a debugger would make it wait or print.
    node.env_remove("NODE_OPTIONS");
    node
}

/// Installs exactly the packages of the `package.json` and the lock file in `from` into `directory`, unless
/// they are there. `name`: what messages call them.
///
/// # Errors
///
/// If one of the two files cannot be read, there is no Node.js with npm, or npm cannot install. The message
/// says what to do.
pub fn install_from(from: &Path, name: &str, directory: &Path) -> Result<()> {
    let [package, lock] = ["package.json", "package-lock.json"].map(|name| {
        let path = from.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    });
    let (package, lock) = (package?, lock?);
    installed_node()?;
    let place = directory.join("package-lock.json");
    // npm writes this file last.
    let installed = directory.join("node_modules/.package-lock.json").exists();
    if installed && fs::read(&place).is_ok_and(|it| it == lock) {
        return Ok(());
    }
    println!("{name} is not installed; installing it with npm into {}", directory.display());
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(directory.join("package.json"), package))
        .and_then(|()| fs::write(&place, &lock))
        .with_context(|| format!("cannot write {}", place.display()))?;
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(directory);
    step::run("npm ci", &mut npm).with_context(|| {
        format!("npm could not install {name}, see its output above: check the connection to its registry and try again")
    })
}

/// Installs Node.js and npm, unless they are there.
///
/// # Errors
///
/// If they cannot be installed, or Node.js is too old. The message says what to do.
pub fn installed_node() -> Result<()> {
    let mut missing = Vec::new();
    for (program, package) in [(NODE, "nodejs"), ("npm", "npm")] {
        if !step::runs(Command::new(program).arg("--version")) {
            missing.push(package);
        }
    }
    if !missing.is_empty() {
        debian::install(&missing, "Node.js with npm is not installed")?;
    }
    let output = Command::new(NODE).arg("--version").output();
    let version = String::from_utf8(output.context("cannot run node")?.stdout)?;
    let version = version.trim();
    let new_enough = major(version) >= Some(OLDEST);
    ensure!(new_enough, "Node.js {version} is too old: install {OLDEST} or newer, then try again");
    Ok(())
}

/// The major version: 20 for v20.20.2.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{OLDEST, major};

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(major("v20.20.2") >= Some(OLDEST) && major("v100.0.0") >= Some(OLDEST));
        assert!(major("v9.11.2") < Some(OLDEST) && major("") < Some(OLDEST));
    }
}
