//! Sends the log and the exit status to the emulator.

// Linked for the defmt logger that it registers.
use defmt_semihosting as _;

pub(crate) use semihosting::process::exit;
