//! The trainer's command line.

mod command;

use std::process::ExitCode;

use clap::Parser;

/// The maps of a step are as large as those of the step before. This allocator keeps their memory; the system's would
/// give it back, and get it again page by page.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match command::Command::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let line = format!("{error:#}");
            eprintln!("error: {}", line.split_whitespace().collect::<Vec<_>>().join(" "));
            ExitCode::FAILURE
        }
    }
}
