//! `export completions`: completions of the command line for a shell.

use super::Command;
use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Args)]
pub(crate) struct Completions {
    /// Shell to print completions for
    shell: Shell,
}

impl Completions {
    #[allow(clippy::unnecessary_wraps, reason = "same signature as the other commands")]
    pub(crate) fn run(&self) -> Result<()> {
        clap_complete::generate(
            self.shell,
            &mut Command::command(),
            "export",
            &mut std::io::stdout(),
        );
        Ok(())
    }
}
