//! Paths of the workspace and of its build output.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The workspace's root directory.
pub fn root() -> &'static Path {
    let setup = Path::new(env!("CARGO_MANIFEST_DIR"));
    setup.parent().unwrap_or(setup)
}

/// A command that runs cargo in the workspace's root.
pub fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root());
    cargo
}

/// Cargo's target directory, however it is configured.
///
/// # Errors
///
/// If cargo cannot describe the workspace.
pub fn target_directory() -> Result<PathBuf> {
    let output = cargo()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("cannot run cargo")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo metadata failed: {stderr}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let path = metadata["target_directory"].as_str();
    Ok(path.context("cargo metadata names no target directory")?.into())
}
