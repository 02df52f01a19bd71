//! Checks whether a program is installed.

use std::process::{Command, Stdio};

/// Whether a command can be run and succeeds. Discards its output.
pub fn runs(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
