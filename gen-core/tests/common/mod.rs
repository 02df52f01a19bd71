//! Shared by the tests: random networks, and an oracle that shares no code with the engine.
#![allow(dead_code, reason = "each test binary uses its part")]

pub mod net;
pub mod oracle;
pub mod stream;
