//! Rust targets and components, installed by rustup.

use std::process::Command;

use anyhow::{Context, Result};

use crate::step;

/// Installs the targets or components in `wanted` that are missing. `kind`: `target` for compiler targets, `component` for
/// clippy and the like.
///
/// # Errors
///
/// If rustup cannot be run or fails.
pub fn install(kind: &str, wanted: &[&str]) -> Result<()> {
    let installed = Command::new("rustup").args([kind, "list", "--installed"]).output();
    let yourself = || format!("cannot run rustup; install {kind}s {} yourself", wanted.join(" "));
    let installed = String::from_utf8(installed.with_context(yourself)?.stdout)?;
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output();
    let host = String::from_utf8(host.context("cannot run rustc")?.stdout)?;
    let missing = missing(wanted, &installed, host.trim());
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing Rust {kind}s: {}", missing.join(" "));
    let mut add = Command::new("rustup");
    step::run(&format!("rustup {kind} add"), add.args([kind, "add"]).args(missing))
}

/// The names in `wanted` that rustup does not list as installed. In the list, a component's name ends with
/// the host's.
fn missing<'w>(wanted: &[&'w str], installed: &str, host: &str) -> Vec<&'w str> {
    let name = |line: &str| {
        let component = line.strip_suffix(host).and_then(|line| line.strip_suffix('-'));
        component.unwrap_or(line).to_owned()
    };
    let installed: Vec<String> = installed.lines().map(name).collect();
    wanted.iter().filter(|part| !installed.iter().any(|has| has == *part)).copied().collect()
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
