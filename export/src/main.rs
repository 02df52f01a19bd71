//! The exporter's command line.

mod command;

use clap::Parser;
use std::panic::catch_unwind;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = command::Command::parse();
    // tract panics on some malformed graphs. The library turns that into an error, so nothing is printed here.
    std::panic::set_hook(Box::new(|_| {}));
    let message = match catch_unwind(|| command.run()) {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => chain(&error),
        Err(_) => "the exporter has a bug: please report it with the command and its file".into(),
    };
    for line in message.lines() {
        eprintln!("error: {}", line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    ExitCode::FAILURE
}

/// The error and its causes as one message. A cause that the message already contains is left out: some libraries
/// repeat it in the error.
fn chain(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !message.contains(&cause) {
            message += if message.is_empty() { "" } else { ": " };
            message += &cause;
        }
    }
    message
}
