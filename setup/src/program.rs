//! Whether a program is there.

use std::process::{Command, Stdio};

/// Whether a command can be run and succeeds. What it prints is dropped.
pub fn runs(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
