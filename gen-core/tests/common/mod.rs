//! What the tests share: random networks, and an oracle that knows nothing of phases or rows.
#![allow(dead_code, reason = "each test binary uses its part")]

pub mod net;
pub mod oracle;
pub mod stream;
