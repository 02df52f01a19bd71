//! Steps of a longer job.

use std::io::Write;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

/// Runs a job and prints its name and time in one line.
///
/// # Errors
///
/// The job's own, prefixed with its name.
pub fn job<T>(name: &str, job: impl FnOnce() -> Result<T>) -> Result<T> {
    print!("{name:<60}");
    // A terminal that does not flush only shows the name later.
    let _ = std::io::stdout().flush();
    let start = Instant::now();
    let result = job();
    let verdict = if result.is_ok() { "" } else { "  failed" };
    println!("{:>7.1} s{verdict}", start.elapsed().as_secs_f32());
    result.with_context(|| name.to_owned())
}

/// Runs a command as a step under a line with its name. What it prints is seen as it comes: some
/// take minutes, and say themselves how far they are.
///
/// # Errors
///
/// If it cannot be run or fails.
pub fn run(name: &str, command: &mut Command) -> Result<()> {
    println!("── {name}");
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run {program}"))?;
    ensure!(status.success(), "{name}: {program} failed, {status}");
    Ok(())
}
