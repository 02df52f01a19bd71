//! Steps of a longer job, a line each.

use std::io::Write;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Runs a job and prints its name and time.
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

/// Runs a command as a step. What it printed is shown only if it fails.
///
/// # Errors
///
/// If it cannot be run or fails.
pub fn run(name: &str, command: &mut Command) -> Result<()> {
    output(name, command).map(drop)
}

/// Runs a command as a step and gives what it printed.
///
/// # Errors
///
/// If it cannot be run or fails.
pub fn output(name: &str, command: &mut Command) -> Result<String> {
    job(name, || {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = command.output().with_context(|| format!("cannot run {program}"))?;
        if !output.status.success() {
            let (out, err) = (&output.stdout, &output.stderr);
            let (out, err) = (String::from_utf8_lossy(out), String::from_utf8_lossy(err));
            bail!("{out}{err}{program} failed: {}", output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    })
}
