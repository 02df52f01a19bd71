//! Runs commands, and reports the steps of a longer job.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

/// Runs a closure and prints its name and time in one line.
///
/// # Errors
///
/// The closure's own error, prefixed with the name.
pub fn job<T>(name: &str, job: impl FnOnce() -> Result<T>) -> Result<T> {
    print!("{name:<60}");
    // Flushing is best effort: without it the name just appears later.
    let _ = std::io::stdout().flush();
    let start = Instant::now();
    let result = job();
    let verdict = if result.is_ok() { "" } else { "  failed" };
    println!("{:>7.1} s{verdict}", start.elapsed().as_secs_f32());
    result.with_context(|| name.to_owned())
}

/// Prints a step's name, then runs its command. The command's output appears as it comes: some commands take
/// minutes and report their own progress.
///
/// # Errors
///
/// If the command cannot be run or fails.
pub fn run(name: &str, command: &mut Command) -> Result<()> {
    println!("── {name}");
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run {program}"))?;
    ensure!(status.success(), "{name}: {program} failed, {status}");
    Ok(())
}

/// Whether a command can be run and succeeds. Discards its output.
pub fn runs(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
