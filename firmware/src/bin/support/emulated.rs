//! Log and exit status go to whoever runs the emulator.

// Linked for what they register: critical sections and defmt's logger.
use cortex_m as _;
use defmt_semihosting as _;

pub(crate) use semihosting::process::exit;
