//! The public API of gen-core, compared with its listing in the repository.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{step, workspace};

/// The listing, from the workspace's root.
const LISTING: &str = "gen-core/public-api.txt";

/// Fails if gen-core's public API, with its default features, is not what the listing says. Says so and does nothing
/// where cargo-public-api or the nightly Rust that it needs is not installed.
///
/// # Errors
///
/// If the API differs, or cannot be listed.
pub fn compare() -> Result<()> {
    let installed = public_api(&["--version"]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        println!(
            "public API of gen-core: not compared without cargo-public-api and a nightly Rust"
        );
        return Ok(());
    }
    step::job("public API of gen-core", || {
        let output = public_api(&["--package", "gen-core", "-sss"]).output()?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo public-api failed: {complaint}");
        let listing = fs::read_to_string(workspace::root().join(LISTING)).context(LISTING)?;
        ensure!(
            String::from_utf8_lossy(&output.stdout) == listing,
            "differs from {LISTING}; if the change is meant, type \
             cargo +nightly public-api -p gen-core -sss > {LISTING}"
        );
        Ok(())
    })
}

fn public_api(arguments: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "public-api"]).args(arguments);
    command.current_dir(workspace::root());
    command
}
