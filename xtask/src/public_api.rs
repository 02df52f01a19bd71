//! `cargo xtask public-api`: gen-core's public API, compared with its listing in the repository.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use setup::{step, workspace};

use crate::test::SKIPPED;

/// Path of the listing, relative to the workspace's root.
const LISTING: &str = "gen-core/public-api.txt";

/// Compares the public API of gen-core (with its default features) with the listing; with `accept`, writes
/// the listing. If cargo-public-api or the nightly Rust that it needs is missing, prints that and compares
/// nothing.
///
/// # Errors
///
/// If the API differs, or cannot be listed; with `accept`, if the tools are missing.
pub fn public_api(accept: bool) -> Result<()> {
    let installed = command(&["--version"]).output().is_ok_and(|it| it.status.success());
    if !installed {
        let missing = "cargo-public-api and a nightly Rust are not both installed: type cargo install \
                       cargo-public-api and rustup toolchain install nightly";
        ensure!(!accept, "{missing}");
        println!("public API of gen-core: {SKIPPED}, since {missing}");
        return Ok(());
    }
    step::job("public API of gen-core", || {
        let output = command(&["--package", "gen-core", "-sss"]).output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo public-api failed: {stderr}");
        let path = workspace::root().join(LISTING);
        if accept {
            return output::file::replace(&path, &output.stdout);
        }
        let listing = fs::read(&path).context(LISTING)?;
        ensure!(
            output.stdout == listing,
            "the public API differs from {LISTING}: if that is intended, type cargo xtask public-api --accept"
        );
        Ok(())
    })
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "public-api"]).args(arguments);
    command.current_dir(workspace::root());
    command
}
