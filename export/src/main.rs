//! The exporter's command line.

mod command;

use anyhow::Result;
use clap::Parser;
use export::checkpoint::Unproved;
use std::panic::{UnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// Exit status where a command failed.
const FAILED: u8 = 1;
/// Exit status where a checkpoint does not prove what it is.
const UNPROVED: u8 = 2;

/// Place and message of the last panic.
static PANIC: Mutex<String> = Mutex::new(String::new());

fn main() -> ExitCode {
    let command = command::Command::parse();
    let Err((message, code)) = guarded(|| command.run()) else { return ExitCode::SUCCESS };
    match code {
        UNPROVED => eprint!("{message}"),
        _ => message.lines().for_each(|line| eprintln!("error: {}", line.trim())),
    }
    ExitCode::from(code)
}

/// Runs `command`.
///
/// # Errors
///
/// If it fails or panics: the message for the user, and the exit status.
fn guarded(command: impl FnOnce() -> Result<()> + UnwindSafe) -> Result<(), (String, u8)> {
    let last = || PANIC.lock().unwrap_or_else(PoisonError::into_inner);
    // tract panics on some malformed graphs. The library turns that into an error, so nothing is printed here.
    set_hook(Box::new(move |panic| *last() = panic.to_string().replace('\n', " ")));
    match catch_unwind(command) {
        Ok(result) => result.map_err(|error| match error.downcast_ref::<Unproved>() {
            Some(_) => (chain(&error), UNPROVED),
            None => (chain(&error), FAILED),
        }),
        Err(_) => {
            let message = "a bug: please report it with the command and its file";
            Err((format!("{message}: {}", last()), FAILED))
        }
    }
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

#[cfg(test)]
mod tests {
    use super::{FAILED, guarded};

    #[test]
    fn a_panic_is_reported_with_its_place_and_message() {
        let (message, _) = guarded(|| panic!("first\nsecond")).unwrap_err();
        assert!(message.contains("main.rs:") && message.contains("first second"), "{message}");
        assert_eq!(message.lines().count(), 1);
        let error = anyhow::anyhow!("a  b").context("file");
        assert_eq!(guarded(|| Err(error)).unwrap_err(), ("file: a  b".to_owned(), FAILED));
    }
}
