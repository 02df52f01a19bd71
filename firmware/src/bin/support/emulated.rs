//! Log and exit status go to whoever runs the emulator.

// Linked for what it registers: defmt's logger.
use defmt_semihosting as _;

pub(crate) use semihosting::process::exit;
