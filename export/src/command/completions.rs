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
    pub(crate) fn run(&self) -> Result<()> {
        let (mut command, mut output) = (Command::command(), std::io::stdout());
        clap_complete::generate(self.shell, &mut command, "export", &mut output);
        Ok(())
    }
}
